#include "error.h"

#include <stdarg.h>
#include <stdio.h>

void edgekd_report(edgekd_error *error, edgekd_status status, const char *format, ...)
{
    if (error == NULL)
        return;
    error->status = status;
    va_list values;
    va_start(values, format);
    vsnprintf(error->message, sizeof error->message, format, values);
    va_end(values);
}
