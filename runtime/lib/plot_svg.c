/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings come from files and are hostile: what is not UTF-8, or no character of XML, becomes the
 * replacement character. Colours are in the style sheet, once for paper and once for dark screens.
 */
#include "lib/plot_svg.h"

#include "lib/plot_colour.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1 << 14, REPLACEMENT = 0xfffd };

static bool reserve(PlotSvg *svg, size_t extra)
{
    size_t wanted;
    if (svg->failed || __builtin_add_overflow(svg->file->size, extra, &wanted) ||
        wanted > SIZE_MAX / 4) {
        svg->failed = true;
        return false;
    }
    if (wanted < svg->capacity)
        return true;
    size_t capacity = wanted + wanted / 2 + FIRST_CAPACITY;
    uint8_t *bytes = realloc(svg->file->bytes, capacity);
    svg->failed = !bytes;
    if (!bytes)
        return false;
    svg->file->bytes = bytes;
    svg->capacity = capacity;
    return true;
}

static void put_bytes(PlotSvg *svg, const char *bytes, size_t size)
{
    if (!reserve(svg, size))
        return;
    memcpy(svg->file->bytes + svg->file->size, bytes, size);
    svg->file->size += size;
    svg->file->bytes[svg->file->size] = 0;
}

/* Integer arithmetic, so that neither locale nor C library can change a byte. */
static void put_real(PlotSvg *svg, double value)
{
    const double limit = 1e7;
    value = isnan(value) ? 0 : fmin(fmax(value, -limit), limit);
    long long hundredths = llround(value * 100);
    char text[32];
    int size =
        snprintf(text, sizeof text, "%s%lld", hundredths < 0 ? "-" : "", llabs(hundredths) / 100);
    int rest = (int)(llabs(hundredths) % 100);
    put_bytes(svg, text, (size_t)size);
    if (rest == 0)
        return;
    size = snprintf(text, sizeof text, rest % 10 ? ".%02d" : ".%d", rest % 10 ? rest : rest / 10);
    put_bytes(svg, text, (size_t)size);
}

/* The character at *text, which moves on by at least a byte. */
static uint32_t next_character(const char **text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const uint8_t *bytes = (const uint8_t *)*text;
    uint32_t first = *bytes;
    int rest = first >= 0xf0 && first < 0xf8 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    *text += 1;
    if (first < 0x80)
        return first;
    if (rest == 0 || first >= 0xf8)
        return REPLACEMENT;
    uint32_t character = first & (0x3fu >> rest);
    for (int i = 1; i <= rest; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return REPLACEMENT;
        character = character << 6 | (bytes[i] & 0x3f);
    }
    if (character < least[rest] || character > 0x10ffff ||
        (character >= 0xd800 && character <= 0xdfff))
        return REPLACEMENT;
    *text += rest;
    return character;
}

/* Line breaks and tabs are spaces; other controls and what Unicode keeps free are no text. */
static uint32_t as_text(uint32_t character)
{
    if (character == '\n' || character == '\t' || character == '\r')
        return ' ';
    bool bad = character < 0x20 || (character >= 0x7f && character < 0xa0) ||
               (character & 0xfffe) == 0xfffe || (character >= 0xfdd0 && character <= 0xfdef);
    return bad ? REPLACEMENT : character;
}

static void put_character(PlotSvg *svg, uint32_t character)
{
    char bytes[4];
    size_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; character >>= 6)
        bytes[i] = (char)(0x80 | (character & 0x3f));
    bytes[0] = (char)(marks[size - 1] | character);
    put_bytes(svg, bytes, size);
}

static void put_escaped(PlotSvg *svg, const char *text, size_t size)
{
    for (const char *at = text; at < text + size && *at;) {
        uint32_t character = as_text(next_character(&at));
        switch (character) {
        case '&':
            put_bytes(svg, "&amp;", 5);
            break;
        case '<':
            put_bytes(svg, "&lt;", 4);
            break;
        case '>':
            put_bytes(svg, "&gt;", 4);
            break;
        case '"':
            put_bytes(svg, "&quot;", 6);
            break;
        default:
            put_character(svg, character);
        }
    }
}

static void put_conversion(PlotSvg *svg, char kind, va_list *values)
{
    if (kind == 'f') {
        put_real(svg, va_arg(*values, double));
    } else if (kind == 'd') {
        put_real(svg, va_arg(*values, int));
    } else {
        const char *text = va_arg(*values, const char *);
        put_escaped(svg, text, strlen(text));
    }
}

void plot_put(PlotSvg *svg, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    while (*format) {
        size_t plain = strcspn(format, "%");
        put_bytes(svg, format, plain);
        format += plain;
        if (*format) {
            put_conversion(svg, format[1], &values);
            format += 2;
        }
    }
    va_end(values);
}

/* Pixels, and how much wider than regular the letters are. */
static const struct {
    const char *class;
    double size, stretch;
} styles[PLOT_STYLES] = {{"t", 16, 1.1}, {"b", 13, 1}, {"s", 11.5, 1}};

/* In ems; the widest of the common fonts decides. */
static double character_width(uint32_t character)
{
    if (character < 0x80 && character && strchr("iljI|!.,:;'`", (int)character))
        return 0.36;
    if (character < 0x80 && character && strchr(" ftr()[]{}/\\\"-", (int)character))
        return 0.44;
    if (character == 'm' || character == 'w' || character == 'M' || character == 'W' ||
        character == '%' || character == '@')
        return 0.98;
    if (character >= 'A' && character <= 'Z')
        return 0.74;
    return character >= 0x1100 && character != REPLACEMENT &&
                   (character < 0x2000 || character >= 0x2e80)
               ? 1.05
               : 0.64;
}

size_t plot_text_fit(const char *text, PlotStyle style, double room)
{
    const char *at = text;
    double width = 0;
    while (*at) {
        const char *before = at;
        width += character_width(as_text(next_character(&at))) * styles[style].size *
                 styles[style].stretch;
        if (width > room)
            return (size_t)(before - text);
    }
    return (size_t)(at - text);
}

double plot_text_width(const char *text, PlotStyle style)
{
    double width = 0;
    while (*text)
        width += character_width(as_text(next_character(&text)));
    return width * styles[style].size * styles[style].stretch;
}

/* The text, or as much of it as fits with an ellipsis. */
static void put_fitting(PlotSvg *svg, const char *text, PlotStyle style, double room)
{
    size_t size = strlen(text);
    if (room > 0 && plot_text_width(text, style) > room) {
        size = plot_text_fit(text, style, room - styles[style].size);
        while (size > 0 && text[size - 1] == ' ')
            size--;
        put_escaped(svg, text, size);
        put_bytes(svg, "…", strlen("…"));
        return;
    }
    put_escaped(svg, text, size);
}

static void begin_text(PlotSvg *svg, const PlotLabel *label)
{
    plot_put(svg, "<text x=\"%f\" y=\"%f\" class=\"%s%s%s\"", label->x, label->y,
             styles[label->style].class, label->grey ? " grey" : "", label->halo ? " halo" : "");
    if (label->anchor == 'm' || label->anchor == 'e')
        plot_put(svg, " text-anchor=\"%s\"", label->anchor == 'm' ? "middle" : "end");
    if (label->upward)
        plot_put(svg, " transform=\"rotate(-90 %f %f)\"", label->x, label->y);
    plot_put(svg, ">");
}

void plot_label(PlotSvg *svg, const PlotLabel *label)
{
    if (!label->text || !*label->text)
        return;
    begin_text(svg, label);
    put_fitting(svg, label->text, label->style, label->room);
    plot_put(svg, "</text>\n");
}

void plot_name(PlotSvg *svg, const PlotLabel *place, const RtPlotAxis *axis, int power)
{
    const char *name = axis->name ? axis->name : "";
    char scale[48] = "", text[32];
    if (power)
        snprintf(scale, sizeof scale, " / %s", plot_power(power, text));
    double room = place->room - plot_text_width(scale, place->style);
    double used = fmin(plot_text_width(name, place->style) * 1.1, room);
    begin_text(svg, place);
    plot_put(svg, "<tspan class=\"n\">");
    put_fitting(svg, name, place->style, room / 1.1);
    plot_put(svg, "</tspan>%s", scale);
    room -= used + 2 * styles[place->style].size;
    double least = place->upward && axis->doc ? plot_text_width(axis->doc, place->style)
                                              : 5 * styles[place->style].size;
    if (axis->doc && *axis->doc && room > least) {
        plot_put(svg, "<tspan class=\"grey\" dx=\"8\">");
        put_fitting(svg, axis->doc, place->style, room);
        plot_put(svg, "</tspan>");
    }
    plot_put(svg, "</text>\n");
}

const char *plot_power(int power, char text[32])
{
    static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    char plain[16];
    snprintf(plain, sizeof plain, "%d", abs(power));
    snprintf(text, 32, "10%s", power < 0 ? "⁻" : "");
    for (const char *at = plain; *at; at++)
        strncat(text, digits[*at - '0'], 31 - strlen(text));
    return text;
}

const char *plot_number(double value, int digits, char text[48])
{
    if (!isfinite(value) || value == 0) {
        snprintf(text, 48, "%s", value == 0 ? "0" : isnan(value) ? "nan" : value < 0 ? "−∞" : "∞");
        return text;
    }
    char plain[32], power[32];
    snprintf(plain, sizeof plain, "%.*e", digits - 1, fabs(value));
    int exponent = atoi(strchr(plain, 'e') + 1);
    char all[24];
    int count = 0;
    for (const char *at = plain; *at != 'e' && count < 20; at++)
        if (*at >= '0' && *at <= '9')
            all[count++] = *at;
    while (count > 1 && all[count - 1] == '0')
        count--;
    all[count] = '\0';
    const char *sign = value < 0 ? "−" : "";
    if (exponent < -4 || exponent > 5)
        snprintf(text, 48, "%s%.1s%s%s×%s", sign, all, count > 1 ? "." : "", all + 1,
                 plot_power(exponent, power));
    else if (exponent < 0)
        snprintf(text, 48, "%s0.%.*s%s", sign, -exponent - 1, "0000", all);
    else if (count <= exponent + 1)
        snprintf(text, 48, "%s%s%.*s", sign, all, exponent + 1 - count, "00000");
    else
        snprintf(text, 48, "%s%.*s.%s", sign, exponent + 1, all, all + exponent + 1);
    return text;
}

/* One rule a class: what text, axes and strokes look like. */
static const char sheet[] =
    "text{font-family:sans-serif;fill:#1f2328}\n"
    ".t{font-size:16px;font-weight:600}.b{font-size:13px}.s{font-size:11.5px}\n"
    ".n{font-weight:600}.grey{fill:#59636e;font-weight:400}\n"
    ".halo{stroke:#fff;stroke-width:4px;stroke-linejoin:round;paint-order:stroke}\n"
    ".paper{fill:#fff}.grid{stroke:#e4e7ea;fill:none}\n"
    ".axis{stroke:#59636e;fill:none}.ink{color:#1f2328}\n"
    ".line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}\n"
    ".dash{fill:none;stroke:currentColor;stroke-width:1.6;stroke-dasharray:6 4}\n"
    ".thin{fill:none;stroke:currentColor;stroke-width:1;stroke-dasharray:2 3}\n"
    ".case{fill:none;stroke:#fff;stroke-width:4;stroke-dasharray:6 4}\n"
    ".dot{fill:currentColor;stroke:#fff;stroke-width:.8}\n"
    ".step{fill:none;stroke:currentColor;stroke-width:1.2}\n"
    ".band{fill:currentColor;fill-opacity:.18}.bar{fill:currentColor;fill-opacity:.3}\n"
    ".cells{shape-rendering:crispEdges}.hatch{stroke:#7d858e;fill:none;stroke-width:.8}\n"
    ".void{fill:#f3f4f5}\n"
    ".over{fill:none;stroke:#fff;stroke-width:3.6;stroke-opacity:.75;stroke-linejoin:round}\n"
    ".zero{fill:none;stroke:#111;stroke-width:1.6;stroke-linejoin:round}\n"
    ".guess{fill:none;stroke:#111;stroke-width:1.6;stroke-dasharray:6 4}\n";

static const char dark_sheet[] =
    "text{fill:#e6e9ec}.grey{fill:#9aa4ae}.paper{fill:#15181c}.halo{stroke:#15181c}\n"
    ".grid{stroke:#2b3036}.axis{stroke:#9aa4ae}.ink{color:#e6e9ec}\n"
    ".case{stroke:#15181c}.dot{stroke:#15181c}.band{fill-opacity:.26}.bar{fill-opacity:.4}\n"
    ".void{fill:#23272c}.hatch{stroke:#8b949e}\n";

void plot_svg_begin(PlotSvg *svg, RtFile *file, const RtPlotTitle *title)
{
    *file = (RtFile){0};
    *svg = (PlotSvg){.file = file};
    plot_put(svg,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %f %f\" width=\"%f\" "
             "height=\"%f\" role=\"img\">\n<title>%s</title>\n<style>\n",
             PLOT_WIDTH, PLOT_HEIGHT, PLOT_WIDTH, PLOT_HEIGHT, title->title ? title->title : "");
    put_bytes(svg, sheet, sizeof sheet - 1);
    plot_put_colours(svg, false);
    plot_put(svg, "@media screen and (prefers-color-scheme:dark){\n");
    put_bytes(svg, dark_sheet, sizeof dark_sheet - 1);
    plot_put_colours(svg, true);
    plot_put(svg, "}\n</style>\n<rect class=\"paper\" width=\"%f\" height=\"%f\"/>\n", PLOT_WIDTH,
             PLOT_HEIGHT);
}

bool plot_svg_end(PlotSvg *svg, RtError *error)
{
    plot_put(svg, "</svg>\n");
    if (!svg->failed)
        return true;
    rt_file_free(svg->file);
    return rt_fail(error, RT_FAILED, "out of memory for a picture");
}

bool rt_plot_save(const char *path, const RtFile *svg, RtError *error)
{
    RtWriter writer;
    if (!rt_writer_open(&writer, path, error))
        return false;
    if (!rt_writer_put(&writer, svg->bytes, svg->size, error)) {
        rt_writer_abandon(&writer);
        return false;
    }
    return rt_writer_commit(&writer, error);
}
