/*
 * The admin's editor, and questions to him.
 */
#ifndef NSISO_EDITOR_H
#define NSISO_EDITOR_H

struct errmsg;

/*
 * Runs $SUDO_EDITOR, $VISUAL, $EDITOR or what the host has on the file, at that line where the editor can be told
 * (0: anywhere), and waits for its end.  0, or -errno when it could not be started, failed, or was killed.
 */
int editor_run(const char *path, unsigned line, struct errmsg *e);
/* Interrupts, hang-ups and terminations from now on end questions, and not the program. */
void question_signals(void);
/*
 * Asks on the terminal until one of the letters is typed, which is returned; the last one of them when there is
 * nobody to ask, or on an interrupt.
 */
char question_ask(const char *text, const char *letters);

#endif
