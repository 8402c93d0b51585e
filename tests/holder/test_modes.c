/* The mode tracker: what each sequence leaves, and that a preamble rebuilds exactly the state it was written from. */
#include "limits.h"
#include "modes.h"
#include "sequences.h"
#include "unit.h"

struct preamble {
    uint8_t bytes[PREAMBLE_BYTES + 1];
    size_t size;
};

static void feed_text(struct modes *modes, const char *text)
{
    modes_feed(modes, (const uint8_t *)text, strlen(text));
}

static struct preamble preamble_of(const struct modes *modes)
{
    struct preamble preamble;
    preamble.size = modes_preamble(modes, preamble.bytes);
    preamble.bytes[preamble.size] = 0;
    return preamble;
}

/* What `output` leaves behind, as sequences. */
static void leaves(const char *output, const char *expected)
{
    struct modes modes;
    modes_start(&modes);
    modes_resize(&modes, (struct size){80, 24});
    feed_text(&modes, output);
    struct preamble preamble = preamble_of(&modes);
    if (strcmp((const char *)preamble.bytes, expected) == 0)
        return;
    fprintf(stderr, "%s leaves %s, expected %s\n", output + 1, (const char *)preamble.bytes + 1, expected + (*expected != 0));
    exit(1);
}

static void modes_are_kept_and_dropped(void)
{
    leaves("nothing special\r\n", "");
    leaves("\033[?1h\033=\033[?2004h", "\033[?1h\033[?66h\033[?2004h");
    leaves("\033[?1h\033[?1l", "");
    leaves("\033[?25l\033[?7l", "\033[?25l\033[?7l");
    leaves("\033[?25l\033[?25h", "\033[?25h");
    leaves("\033[?1000h\033[?1002h\033[?1006h", "\033[?1002h\033[?1006h");
    leaves("\033[?1002h\033[?1000l\033[?1006h\033[?1016l", "");
    leaves("\033[?1002;1006;2004h", "\033[?1002h\033[?1006h\033[?2004h");
    leaves("\033[4h\033[20h", "\033[20h\033[4h");
    leaves("\033[5 q", "\033[5 q");
    leaves("\033[>1u\033[>5u\033[<u", "\033[>1u");
    leaves("\033[=3u\033[=4;2u\033[=1;3u", "\033[=6u");
    leaves("\033[>1u\033[<9u", "");
    leaves("\033[>4;2m", "\033[>4;2m");
    leaves("\033[>4;2m\033[>4m", "");
    leaves("\033[5;20r", "\033[5;20r");
    leaves("\033[5;20r\033[r", "");
    leaves("\033[1;24r", "");
    leaves("\033[?2026h", "\033[?2026h");
}

static void styles_are_kept(void)
{
    leaves("\033[1;31;102m", "\033[0;1;31;102m");
    leaves("\033[38;5;1m", "\033[0;38:5:1m");
    leaves("\033[38;5m", "\033[0;38:5:0m");
    leaves("\033[1;31mx\033[m", "");
    leaves("\033[38;5;200;48;2;1;2;3m", "\033[0;38:5:200;48:2::1:2:3m");
    leaves("\033[38:2::1:2:3;48:2:4:5:6m", "\033[0;38:2::1:2:3;48:2::5:6:0m");
    leaves("\033[4:3;58:5:9m", "\033[0;4:3;58:5:9m");
    leaves("\033[4;53;95m", "\033[0;53;4:1;95m");
    leaves("\033[1;2;22m", "");
    leaves("\033[1m\0337\033[m\033[3m", "\033[0;1m\033(B\0337\033(B\033)B\033*B\033+B\017\033[0;3m");
    leaves("\033[4m\033[59m", "\033[0;4:1;59m"); /* not as without a colour: xterm.js draws it white */
    leaves("\033[38:2:1:2:3m", "\033[0;38:2::2:3:0m"); /* the first is taken for the colour space */
    leaves("\033[38;3;1;2;3;4;9;1m", "\033[0;1;9m");
    leaves("\033[31m\033[1\"q", "\033[0;31m\033[1\"q");
    leaves("\033(0\016", "\033(0\033)B\033*B\033+B\016");
    leaves("\033-0\016", "\033(B\033)0\033*B\033+B\016");
}

static void texts_and_colours_are_kept(void)
{
    leaves("\033]0;both\007", "\033]2;both\033\\\033]1;both\033\\");
    leaves("\033]2;title\033\\", "\033]2;title\033\\");
    leaves("\033]7;file://h/x\007", "\033]7;file://h/x\033\\");
    leaves("\033]8;id=1;http://x\007", "\033]8;id=1;http://x\033\\");
    leaves("\033]8;id=1;http://x\007link\033]8;;\007", "");
    leaves("\033]8;id=1;http://x\007link\033]8;id=1;\007", "\033]8;id=1;http://x\033\\"); /* no address: nothing happens */
    leaves("\033[?1049h\033]8;;http://x\007", "\033[?1047h\033]8;;http://x\033\\");
    leaves("\033[?1049h\033]8;;http://x\007\033[?1049l", "");
    leaves("\033]4;1;#f00;300;#fff\007", "\033]104\033\\\033]4;1;rgb:f0/00/00\033\\\033]110\033\\\033]111\033\\\033]112\033\\");
    leaves("\033]11;rgb:ffff/0000/8080\007", "\033]104\033\\\033]110\033\\\033]11;rgb:ff/00/80\033\\\033]112\033\\");
}

static void the_saved_cursor_is_kept_as_xterm_js_keeps_it(void)
{
    /* The charset comes back, but not the set that it was shifted in from. */
    leaves("\033(0\0337\033(B\0338", "\033[0m\033(0\0337\033(B\033)B\033*B\033+B\017\0338\r\033[0m");
    leaves("\033(0\0337\033(B\0338\017", "\033[0m\033(0\0337\033(B\033)B\033*B\033+B\017\033[0m");
    /* Of an underline only whether there is one: kind and colour are those of now. */
    leaves("\0337\033[4:3;58:5:1m\0338", "\033[0;58:5:1m");
    leaves("\033[4:2m\0337\033[4:3m\0338", "\033[0;4:1m\033(B\0337\033(B\033)B\033*B\033+B\017\033[0;4:3m");
    leaves("\033]8;;http://x\007\0337\033]8;;\007", "\033[0m\033(B\033]8;;-\033\\\0337\033]8;;\033\\\033(B\033)B\033*B\033+B\017\033[0m");
}

static void tab_stops_are_kept_where_the_column_is_known(void)
{
    leaves("\r\033[3g    \033H    \033H", "\033[3g\033[5G\033H\033[9G\033H\r\033[9G");
    leaves("\033[3g\033[5;7H\033H\033[2C\033H\033[4D\033H", "\033[3g\033[5G\033H\033[7G\033H\033[9G\033H\r\033[5G");
    leaves("\033[9G\033[g\033[9G\033H\r", "");
    leaves("\033[3g\033[?1049h\033[r", "\033[3g\r\033[?1047h");
    leaves("\033[3gé\033H\t\033H\0338\033H", "\033[3g\r");
    struct modes modes;
    modes_start(&modes);
    modes_resize(&modes, (struct size){80, 24});
    feed_text(&modes, "\033[3g\033[41G\033H");
    CHECK(modes_need_size(&modes));
    modes_resize(&modes, (struct size){90, 24}); /* stops are added behind the last one */
    struct preamble preamble = preamble_of(&modes);
    CHECK(strcmp((char *)preamble.bytes, "\033[3g\033[41G\033H\033[49G\033H\033[57G\033H\033[65G\033H\033[73G\033H\033[81G\033H\033[89G\033H\r") == 0);
}

static void titles_wait_on_their_stack(void)
{
    leaves("\033]2;shell\007\033[22;2t\033]2;vim\007", "\033]2;shell\033\\\033[22;2t\033]2;vim\033\\");
    leaves("\033]2;shell\007\033[22;0;0t\033]2;vim\007\033[23;0;0t", "\033]2;shell\033\\");
    leaves("\033[22t\033]2;vim\007\033[23t\033[23t", "");
    leaves("\033[22;1t", "");
    struct modes modes;
    modes_start(&modes);
    for (int i = 0; i < 12; i++) /* ten are kept, as in xterm.js */
        feed_text(&modes, "\033]2;x\007\033[22t");
    CHECK(modes.titles.count == 10 && modes.titles.size == 20);
    feed_text(&modes, "\033]2;");
    for (int i = 0; i < 300; i++)
        feed_text(&modes, "y");
    feed_text(&modes, "\007");
    for (int i = 0; i < 12; i++) /* of the longest only four */
        feed_text(&modes, "\033[22t");
    CHECK(modes.titles.count == 4 && modes.titles.size == 4 * TITLE_BYTES);
}

static void queries_and_contents_leave_nothing(void)
{
    leaves("\033[c\033[>c\033[6n\033[?2004$p\033P$qm\033\\\033[14t", "");
    leaves("\033]52;c;aGk=\007\033Pq#0~\033\\\033_Gf=100;AAAA\033\\", "");
}

static void the_alternate_screen_has_its_own_state(void)
{
    leaves("\033[?1049h", "\033[?1047h");
    leaves("\033[?1049h\033[?1049l", "");
    leaves("\033[3;9r\033[?1049h\033[5;7r", "\033[3;9r\033[?1047h\033[5;7r");
    leaves("\033[>1u\033[?1049h\033[>3u", "\033[>1u\033[?1047h\033[>3u");
    leaves("\033[31m\033[?1049h\033[32m\033[?1049l", "\033[0;31m\033(B\0337\033(B\033)B\033*B\033+B\017\033[0;31m");
    leaves("\033[?1049h\033[32m\0337\033[m\033[?1047l", "\033[?1047h\033[0;32m\033(B\0337\033[?1047l"
                                                          "\033(B\033)B\033*B\033+B\017\033[0m");
}

static void resets_reset(void)
{
    leaves("\033[?1h\033[?2004h\033[4h\033[31m\033[5 q\033[?25l\033[!p", "\033[?25h");
    leaves("\033[?1000h\033[!p", "\033[?1000h");
    leaves("\033[?1049h\033[?1000h\033[>1u\033[3;5r\033(0\033c", "");
    leaves("\033]2;title\007\033c", "\033]2;title\033\\");
    leaves("\033[?25l\033[20h\033c", "\033[?25l\033[20h"); /* as in xterm.js */
    leaves("\033[3g\033(0\033[31m\0337\033c", "");
    leaves("\033[3g\033[!p", "\033[3g\r");
    struct modes modes;
    modes_start(&modes);
    modes_resize(&modes, (struct size){80, 24});
    feed_text(&modes, "\033[5;20r");
    modes_resize(&modes, (struct size){80, 30});
    CHECK(!modes_need_size(&modes));
}

static void unfinished_sequences_go_on(void)
{
    leaves("\033", "\033");
    leaves("\033[?10", "\033[?10");
    leaves("\033[38;5;1", "\033[38;5;1");
    leaves("\033[38:2::1", "\033[38:2::1");
    leaves("\033[;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;7;8", "\033[0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;7;");
    leaves("\033]2;half", "\033]2;half");
    leaves("\033P1", "\033P0");
    leaves("\033P1$", "\033P!");
    leaves("\033Pq#0", "\033P!~");
    leaves("\033P1?", "\033P!0");
    leaves("\033P1?é", "\033P!0");
    leaves("\033P1é", "");
    leaves("\033_x", "\033_");
    leaves("\xf0\x9f\x99", "\xf0\x9f\x99");
    leaves("\033]2;gone\030", "");
    leaves("\033]2;kept\033[1m", "\033]2;kept\033\\\033[0;1m");
}

static void long_texts_are_bounded(void)
{
    struct modes modes;
    modes_start(&modes);
    feed_text(&modes, "\033]2;");
    for (int i = 0; i < 200; i++)
        feed_text(&modes, "é");
    feed_text(&modes, "\007");
    CHECK(strlen(modes.title) == TITLE_BYTES - 2); /* cut between characters */
    feed_text(&modes, "\033]8;;http://");
    for (int i = 0; i < 100000; i++)
        feed_text(&modes, "x");
    CHECK(!modes_at_rest(&modes));
    struct preamble preamble = preamble_of(&modes);
    CHECK(strstr((char *)preamble.bytes, "\033]99999;"));
    feed_text(&modes, "\007");
    CHECK(modes_at_rest(&modes) && !*modes.hyperlink);
}

static void the_largest_state_fits(void)
{
    struct modes modes;
    char text[64];
    modes_start(&modes);
    for (int i = 0; i < 256; i++) {
        snprintf(text, sizeof text, "\033]4;%d;#123456\007", i);
        feed_text(&modes, text);
    }
    feed_text(&modes, "\033[1m\0337\033]10;#123;#123;#123\007\033]8;;http://");
    for (int i = 0; i < 900; i++)
        feed_text(&modes, "x");
    feed_text(&modes, "\007\033]2;");
    for (int i = 0; i < 300; i++)
        feed_text(&modes, "y");
    feed_text(&modes, "\007\033[22t\033[22t\033[22t\033[22t\033[?2004h");
    for (int screen = 0; screen < 2; screen++) {
        feed_text(&modes, screen ? "\033[?1049h" : "");
        for (int i = 1; i <= COLS_MAX; i++) {
            snprintf(text, sizeof text, "\033[%dG\033H", i);
            feed_text(&modes, text);
        }
    }
    struct preamble preamble = preamble_of(&modes);
    CHECK(preamble.size < PREAMBLE_BYTES * 3 / 4);
    CHECK(strstr((char *)preamble.bytes, "\033[?2004h"));
}

static void check_same(const struct modes *one, const struct modes *two)
{
    struct preamble a = preamble_of(one), b = preamble_of(two);
    if (a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0)
        return;
    fprintf(stderr, "states differ:\n%s\n%s\n", (char *)a.bytes, (char *)b.bytes);
    exit(1);
}

/* A fresh tracker fed preamble(S) and then what follows S is where one is that was fed everything. */
static void a_preamble_at_any_cut_rebuilds_the_state(void)
{
    for (int round = 0; round < 3000; round++) {
        uint8_t output[40 * 128];
        size_t size = 0;
        for (uint32_t i = 0, count = 1 + chance(39); i < count; i++)
            size += random_sequence(output + size);
        size_t cut = chance((uint32_t)size + 1);
        struct modes whole, before, after;
        modes_start(&whole);
        modes_resize(&whole, (struct size){80, 24});
        before = after = whole;
        modes_feed(&before, output, cut);
        struct preamble preamble = preamble_of(&before);
        modes_feed(&after, preamble.bytes, preamble.size);
        check_same(&before, &after);
        CHECK(before.column.now < 0 || before.column.now == after.column.now);
        after.column = before.column; /* unknown stays unknown */
        modes_feed(&after, output + cut, size - cut);
        modes_feed(&whole, output, size);
        check_same(&whole, &after);
    }
}

static void output_cut_anywhere_means_the_same(void)
{
    for (int round = 0; round < 2000; round++) {
        uint8_t output[20 * 128];
        size_t size = 0;
        for (int i = 0; i < 20; i++)
            size += random_sequence(output + size);
        struct modes whole, pieces;
        modes_start(&whole);
        modes_start(&pieces);
        modes_feed(&whole, output, size);
        for (size_t at = 0, step; at < size; at += step) {
            step = 1 + chance(5);
            step = step < size - at ? step : size - at;
            modes_feed(&pieces, output + at, step);
        }
        check_same(&whole, &pieces);
    }
}

int main(void)
{
    modes_are_kept_and_dropped();
    styles_are_kept();
    texts_and_colours_are_kept();
    the_saved_cursor_is_kept_as_xterm_js_keeps_it();
    tab_stops_are_kept_where_the_column_is_known();
    titles_wait_on_their_stack();
    queries_and_contents_leave_nothing();
    the_alternate_screen_has_its_own_state();
    resets_reset();
    unfinished_sequences_go_on();
    long_texts_are_bounded();
    the_largest_state_fits();
    a_preamble_at_any_cut_rebuilds_the_state();
    output_cut_anywhere_means_the_same();
    return 0;
}
