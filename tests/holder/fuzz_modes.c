/* Any output, cut anywhere: no fault, and a preamble always rebuilds the state that it was written from. */
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "modes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct modes modes, again;
    static struct queries queries;
    static uint8_t one[PREAMBLE_BYTES], two[PREAMBLE_BYTES];
    size_t cut = size ? data[0] * size / 256 : 0;
    modes_start(&modes);
    modes_start(&again);
    modes.queries = &queries;
    modes_resize(&modes, (struct size){80, 24});
    modes_resize(&again, (struct size){80, 24});
    modes_feed(&modes, data, cut);
    modes_feed(&again, one, modes_preamble(&modes, one));
    if (modes.column.now >= 0 && again.column.now != modes.column.now)
        abort();
    again.column = modes.column; /* unknown stays unknown */
    modes_feed(&modes, data + cut, size - cut);
    modes_feed(&again, data + cut, size - cut);
    size_t first = modes_preamble(&modes, one), second = modes_preamble(&again, two);
    if (first != second || memcmp(one, two, first) != 0)
        abort();
    queries_answered(&queries, data, size);
    return 0;
}
