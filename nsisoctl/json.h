/*
 * Writing JSON (RFC 8259) to a stream, item by item.  Containers have a line for each of their items, but an
 * object that stands in an array, and all that is in it, has one line: so lists can be read by grep, too.
 */
#ifndef NSISO_JSON_H
#define NSISO_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 16 /* containers within each other; a deeper one aborts */

struct json {
	FILE *out;
	unsigned depth;
	unsigned inline_depth; /* containers from this depth on have one line; 0: none has */
	struct {
		char close; /* ']' or '}' */
		bool has_items;
	} levels[JSON_DEPTH_MAX];
};

/*
 * key is the name in an object, and NULL in an array and for the outermost item.  Text that is not UTF-8 gets
 * U+FFFD for each byte that is wrong; NULL as text is null.
 */
void json_init(struct json *json, FILE *out);
void json_array(struct json *json, const char *key);
void json_object(struct json *json, const char *key);
/* Ends the innermost container; the outermost one ends the line, too. */
void json_close(struct json *json);
void json_text(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, uint64_t number);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif
