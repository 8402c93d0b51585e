/* Why something is refused: a code for programs, a sentence without its full stop for people. */
#ifndef HOLDER_ERRORS_H
#define HOLDER_ERRORS_H

enum error_code {
    ERROR_MALFORMED = 1,
    ERROR_UNKNOWN_TERMINAL = 2,
    ERROR_TOO_MANY_TERMINALS = 3,
    ERROR_TOO_MANY_LINKS = 4,
    ERROR_CANNOT_START = 5,
    ERROR_NOT_ALLOWED = 6,
    ERROR_INPUT_WINDOW = 7,
    ERROR_TOO_SLOW = 8,
    ERROR_REPLACED = 9, /* the same client linked again */
    ERROR_UNKNOWN_COMMAND = 10,
    ERROR_TOO_MANY_COMMANDS = 11,
    ERROR_NO_PROGRAM = 12,
    ERROR_NOT_EXECUTABLE = 13,
    ERROR_NO_FOLDER = 14,
    ERROR_INPUT_GAP = 15, /* input that does not go on where the last one ended */
};

struct refusal {
    enum error_code code;
    char text[320];
};

void refuse(struct refusal *refusal, enum error_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
