/*
 * What a value of a key looks like, for people and for completion; by the key's type.
 */
#ifndef NSISO_KEY_FORM_H
#define NSISO_KEY_FORM_H

struct policy_key;

/* One word for the kind of value: "size", "paths"... */
const char *key_form_kind(const struct policy_key *key);
/* Words that a value may be or begin with, separated by spaces; NULL: there are none. */
const char *key_form_words(const struct policy_key *key);
/* "a number with K, M, G or T": what is written besides words; NULL: words are all. */
const char *key_form_text(const struct policy_key *key);

#endif
