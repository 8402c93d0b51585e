/* Which mountinfo lets `holder init` start. */
#include <stdbool.h>
#include <string.h>

#include "container.h"
#include "unit.h"

static bool accepts(const char *lines)
{
    char text[1024];
    snprintf(text, sizeof text, "%s", lines);
    FILE *file = fmemopen(text, strlen(text), "r");
    CHECK(file);
    bool found = mountinfo_has_tmpfs(file, PRIVATE_FOLDER);
    fclose(file);
    return found;
}

#define ROOT "20 1 0:30 / / rw - overlay overlay rw\n21 20 0:31 / /root rw - overlay overlay rw\n"
#define TMPFS "22 21 0:32 / /root/.private rw,nosuid shared:7 - tmpfs tmpfs rw,size=65536k\n"
#define VOLUME "23 21 8:1 /x /root/.private rw - ext4 /dev/sda1 rw\n"

int main(void)
{
    CHECK(accepts(ROOT TMPFS));
    CHECK(accepts(ROOT VOLUME TMPFS));
    CHECK(!accepts(ROOT));
    CHECK(!accepts(ROOT VOLUME));
    CHECK(!accepts(ROOT TMPFS VOLUME)); /* a later mount covers the tmpfs */
    CHECK(!accepts("22 21 0:32 / /root/.private2 rw - tmpfs tmpfs rw\n"));
    CHECK(!accepts("22 21 0:32 / /x rw - tmpfs /root/.private rw\n"));
    CHECK(!accepts("nonsense\n\n - \n"));
    return 0;
}
