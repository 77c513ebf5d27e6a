#include "spans.h"

/* Field numbers of opentelemetry/proto/trace/v1/trace.proto. */
enum {
    TRACE_ID_FIELD = 1,
    SPAN_ID_FIELD = 2,
    PARENT_FIELD = 4,
    NAME_FIELD = 5,
    START_FIELD = 7,
    END_FIELD = 8,
    ATTRIBUTES_FIELD = 9,
    DROPPED_FIELD = 10,
    EVENTS_FIELD = 11,
    STATUS_FIELD = 15,
};

/* What each span has to have. */
enum { HAS_TRACE_ID = 1, HAS_SPAN_ID = 2, HAS_START = 4, HAS_END = 8, HAS_ALL = 15 };

#define TRACE_ID_BYTES 16
#define SPAN_ID_BYTES 8

int
spans_begin(Spans *spans)
{
    memset(spans, 0, sizeof(*spans));
    spans->room = 512;
    spans->all = malloc((size_t)spans->room * sizeof(Span));
    /* What is begun or not is to be ended. */
    int told = attributes_begin(&spans->attributes);
    if (spans->all == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    return told;
}

void
spans_end(Spans *spans)
{
    attributes_end(&spans->attributes);
    free(spans->all);
}

/* A field: what it is, and what it holds. */
typedef struct {
    int number;
    int kind;
    const uint8_t *begin;
    const uint8_t *end;
} Field;

/* Read the field at a place, and go behind it. */
static int
field_at(const uint8_t **place, const uint8_t *stop, Field *field)
{
    const uint8_t *at = *place;
    uint8_t tag = *at++;
    field->kind = tag & 7;
    field->number = (tag & 0x7F) >> 3;
    if (tag >= 0x80) {
        if (at == stop || *at >= 0x80) {
            return UNUSUAL;
        }
        field->number |= *at++ << 4;
    }
    Py_ssize_t size;
    if (field->kind == BYTES) {
        size = length_at(&at, stop);
    } else if (field->kind == FIXED64 || field->kind == FIXED32) {
        size = field->kind == FIXED64 ? 8 : 4;
    } else if (field->kind == VARINT) {
        const uint8_t *behind = at;
        uint64_t word;
        size = varint_at(&behind, stop, &word) ? behind - at : -1;
    } else {
        return UNUSUAL;
    }
    if (field->number == 0 || size < 0 || size > stop - at) {
        return UNUSUAL;
    }
    field->begin = at;
    field->end = *place = at + size;
    return USUAL;
}

int
spans_read(Spans *spans, const uint8_t *at, const uint8_t *stop)
{
    if (spans->count == spans->room) {
        Py_ssize_t room = 2 * spans->room;
        Span *all = realloc(spans->all, (size_t)room * sizeof(Span));
        if (all == NULL) {
            PyErr_NoMemory();
            return FAILED;
        }
        spans->all = all;
        spans->room = room;
    }
    const Py_ssize_t row = spans->count++;
    Attributes *attributes = &spans->attributes;
    Span *span = &spans->all[row];
    uint64_t end_ns = 0;
    int fields = 0, nth = 0, has = 0, told = USUAL;
    /* Without a name or a status it has one that is empty. */
    Field name = {.begin = at, .end = at}, status = {.begin = NULL};
    memset(span, 0, sizeof(*span));
    while (at < stop) {
        Field field;
        if (++fields > MOST_FIELDS || field_at(&at, stop, &field) != USUAL) {
            return UNUSUAL;
        }
        const Py_ssize_t size = field.end - field.begin;
        switch (field.number) {
        case TRACE_ID_FIELD:
            if (field.kind != BYTES || size != TRACE_ID_BYTES) {
                return UNUSUAL;
            }
            span->ids[TRACE_HIGH] = big_word(field.begin);
            span->ids[TRACE_LOW] = big_word(field.begin + 8);
            has |= HAS_TRACE_ID;
            break;
        case SPAN_ID_FIELD:
            if (field.kind != BYTES || size != SPAN_ID_BYTES) {
                return UNUSUAL;
            }
            span->ids[SPAN] = big_word(field.begin);
            has |= HAS_SPAN_ID;
            break;
        case PARENT_FIELD:
            /* Of a field that comes twice the last one counts. */
            if (field.kind == BYTES) {
                span->words[PARENT] = size == SPAN_ID_BYTES ? big_word(field.begin) : 0;
            }
            break;
        case NAME_FIELD:
            if (field.kind == BYTES) {
                name = field;
            }
            break;
        case START_FIELD:
            if (field.kind == FIXED64) {
                span->words[START_NS] = little_word(field.begin);
                has |= HAS_START;
            }
            break;
        case END_FIELD:
            if (field.kind == FIXED64) {
                end_ns = little_word(field.begin);
                has |= HAS_END;
            }
            break;
        case ATTRIBUTES_FIELD:
            if (field.kind == BYTES) {
                told = attributes_note(attributes, row, nth++, field.begin, field.end);
            }
            break;
        case DROPPED_FIELD:
            if (field.kind != VARINT || *field.begin) {
                return UNUSUAL;
            }
            break;
        case EVENTS_FIELD:
            spans->events = 1;
            break;
        case STATUS_FIELD:
            if (field.kind == BYTES) {
                /* A message that comes twice is the two merged; senders do not do that. */
                if (status.begin) {
                    return UNUSUAL;
                }
                status = field;
            }
            break;
        default:
            break;
        }
        if (told != USUAL) {
            return told;
        }
    }
    if (has != HAS_ALL || !(span->ids[TRACE_HIGH] | span->ids[TRACE_LOW]) || !span->ids[SPAN] ||
        span->words[START_NS] > end_ns || end_ns > INT64_MAX) {
        return UNUSUAL;
    }
    span->words[DURATION_NS] = end_ns - span->words[START_NS];
    if (status.begin == NULL) {
        status.begin = status.end = stop;
    }
    told = attributes_note_own(attributes, row, NAME_KEY, name.begin, name.end - name.begin);
    if (told == USUAL) {
        told = attributes_note_own(attributes, row, STATUS_KEY, status.begin,
                                   status.end - status.begin);
    }
    span->attributes = attributes->count;
    return told;
}
