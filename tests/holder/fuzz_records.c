/* Any bytes as a list of files: whatever is accepted stays within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct record *record, const uint8_t *data, size_t size)
{
    size_t length = strlen(record->path);
    if (!length || length > PRIVATE_PATH_BYTES || *record->path == '/' || record->path[length - 1] == '/')
        abort();
    if (record->op == RECORD_WRITE && (record->data < data || record->data + record->size > data + size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct records records;
    const char *why = NULL;
    enum records_state state = records_parse(&records, data, size, &why);
    if (state == RECORDS_BAD && !why)
        abort();
    for (size_t i = 0; state == RECORDS_WHOLE && i < records.count; i++)
        check(&records.list[i], data, size);
    return 0;
}
