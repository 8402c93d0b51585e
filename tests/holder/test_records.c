/* Lists of files for the private folder: whole, cut at every byte, changed at every byte, at and past every limit. */
#include <string.h>

#include "bytes.h"
#include "records.h"
#include "unit.h"

static uint8_t list[PRIVATE_LIST_BYTES], *end;
static struct records records;
static const char *why;

static void begin(void)
{
    end = list;
}

static void add(uint8_t op, const void *path, size_t path_size, const void *data, size_t size)
{
    end = put_bytes(put_u16(put_u8(end, op), (uint16_t)path_size), path, path_size);
    if (op == RECORD_WRITE)
        end = put_bytes(put_u32(end, (uint32_t)size), data, size);
}

static void finish(void)
{
    end = put_u8(end, RECORD_END);
}

/* From memory of exactly this size, so that the sanitizer sees a read past it. */
static enum records_state parse(size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);
    CHECK(exact);
    memcpy(exact, list, size);
    why = NULL;
    enum records_state state = records_parse(&records, exact, size, &why);
    CHECK(state != RECORDS_BAD || why);
    free(exact);
    return state;
}

static enum records_state parse_all(void)
{
    return parse((size_t)(end - list));
}

static void some_list(void)
{
    begin();
    add(RECORD_WRITE, "git/config", 10, "[user]\n", 7);
    add(RECORD_REMOVE, "old", 3, NULL, 0);
    add(RECORD_WRITE, "empty", 5, NULL, 0);
    finish();
}

static void a_list_comes_back_as_it_was(void)
{
    some_list();
    CHECK(records_parse(&records, list, (size_t)(end - list), &why) == RECORDS_WHOLE);
    CHECK(records.count == 3);
    CHECK(records.list[0].op == RECORD_WRITE && strcmp(records.list[0].path, "git/config") == 0);
    CHECK(records.list[0].size == 7 && memcmp(records.list[0].data, "[user]\n", 7) == 0);
    CHECK(records.list[1].op == RECORD_REMOVE && strcmp(records.list[1].path, "old") == 0);
    CHECK(records.list[2].op == RECORD_WRITE && records.list[2].size == 0);
    begin();
    finish();
    CHECK(parse_all() == RECORDS_WHOLE && records.count == 0);
}

static void cut_anywhere_it_is_short(void)
{
    some_list();
    for (size_t size = 0; size < (size_t)(end - list); size++)
        CHECK(parse(size) == RECORDS_SHORT);
}

static void changed_anywhere_it_is_read_within_its_bounds(void)
{
    some_list();
    for (uint8_t *at = list; at < end; at++) {
        uint8_t before = *at;
        for (int value = 0; value < 256; value++) {
            *at = (uint8_t)value;
            parse_all();
        }
        *at = before;
    }
}

static enum records_state path_is(const char *path, size_t size)
{
    begin();
    add(RECORD_REMOVE, path, size, NULL, 0);
    finish();
    return parse_all();
}

static void paths_stay_in_the_folder(void)
{
    const char *const bad[] = {"/", "/a", "a/", "a//b", ".", "..", "./a", "../a", "a/.", "a/..", "a/../b", "a/./b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(path_is(bad[i], strlen(bad[i])) == RECORDS_BAD);
    const char *const good[] = {"a", ".a", "..a", "a..", "...", "a/b/c", "a b", "\xc3\xa4", "\n"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK(path_is(good[i], strlen(good[i])) == RECORDS_WHOLE);
    CHECK(path_is("", 0) == RECORDS_BAD);
    CHECK(path_is("a\0b", 3) == RECORDS_BAD);
}

static void limits_hold(void)
{
    static char path[PRIVATE_PATH_BYTES + 1];
    static uint8_t data[PRIVATE_FILE_BYTES + 1];
    memset(path, 'x', sizeof path);
    CHECK(path_is(path, PRIVATE_PATH_BYTES) == RECORDS_WHOLE);
    CHECK(path_is(path, PRIVATE_PATH_BYTES + 1) == RECORDS_BAD);
    begin();
    add(RECORD_WRITE, "a", 1, data, PRIVATE_FILE_BYTES);
    finish();
    CHECK(parse_all() == RECORDS_WHOLE);
    begin();
    add(RECORD_WRITE, "a", 1, data, PRIVATE_FILE_BYTES + 1);
    CHECK(parse(8) == RECORDS_BAD); /* known as soon as the size is */
    begin();
    for (int i = 0; i < PRIVATE_RECORDS_MAX; i++)
        add(RECORD_REMOVE, "a", 1, NULL, 0);
    CHECK(parse_all() == RECORDS_SHORT);
    add(RECORD_REMOVE, "a", 1, NULL, 0);
    CHECK(parse_all() == RECORDS_BAD);
    end -= 4;
    finish();
    CHECK(parse_all() == RECORDS_WHOLE && records.count == PRIVATE_RECORDS_MAX);
}

static void an_unknown_op_is_bad(void)
{
    for (int op = RECORD_REMOVE + 1; op < 256; op++) {
        begin();
        put_u8(end, (uint8_t)op);
        CHECK(parse(1) == RECORDS_BAD);
    }
}

int main(void)
{
    a_list_comes_back_as_it_was();
    cut_anywhere_it_is_short();
    changed_anywhere_it_is_read_within_its_bounds();
    paths_stay_in_the_folder();
    limits_hold();
    an_unknown_op_is_bad();
    return 0;
}
