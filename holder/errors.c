#include "errors.h"

#include <stdarg.h>
#include <stdio.h>

void refuse(struct refusal *refusal, enum error_code code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    refusal->code = code;
    vsnprintf(refusal->text, sizeof refusal->text, format, values);
    va_end(values);
}
