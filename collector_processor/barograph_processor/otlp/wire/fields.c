/* The fields of spans, one span after the other, and their attributes by key. */

#include "attributes.h"

/* Field numbers of opentelemetry/proto/trace/v1/trace.proto. */
enum {
    TRACE_ID = 1,
    SPAN_ID = 2,
    PARENT = 4,
    NAME = 5,
    START = 7,
    END = 8,
    ATTRIBUTES = 9,
    DROPPED = 10,
    EVENTS = 11,
    STATUS = 15,
};

/* What each span has to have. */
enum { HAS_TRACE_ID = 1, HAS_SPAN_ID = 2, HAS_START = 4, HAS_END = 8, HAS_ALL = 15 };

/* Rows of the places that `fields` notes, one column a span; zero where there is nothing. */
enum { STATUS_START, STATUS_STOP, NAME_START, NAME_STOP, PLACES };

/* Rows of the words that it reads, one column a span. */
enum { START_NS, END_NS, PARENT_ID, WORDS };

/* Columns of the ids, one row a span. */
enum { TRACE_HIGH, TRACE_LOW, SPAN, IDS };

#define LONGEST_VARINT 10
#define TRACE_ID_BYTES 16
#define SPAN_ID_BYTES 8

typedef struct {
    const uint8_t *data;
    Py_ssize_t count;
    uint64_t *ids;   /* shape (count, IDS) */
    uint64_t *words; /* shape (WORDS, count) */
    int64_t *places; /* shape (PLACES, count) */
    Attributes attributes;
    int events;
} Spans;

static int
read_span(Spans *spans, Py_ssize_t row, Py_ssize_t at, Py_ssize_t stop)
{
    const uint8_t *data = spans->data;
    const Py_ssize_t n = spans->count;
    uint64_t *ids = spans->ids + IDS * row, *words = spans->words + row;
    int64_t *places = spans->places + row;
    int fields = 0, nth = 0, has = 0;
    while (at < stop) {
        if (++fields > MOST_FIELDS) {
            return UNUSUAL;
        }
        uint8_t tag = data[at++];
        int kind = tag & 7, number = (tag & 0x7F) >> 3;
        if (tag >= 0x80) {
            if (at == stop || data[at] >= 0x80) {
                return UNUSUAL;
            }
            number |= data[at++] << 4;
        }
        if (number == 0) {
            return UNUSUAL;
        }
        Py_ssize_t begin;
        if (kind == BYTES) {
            Py_ssize_t size = length_at(data, &at, stop);
            if (size < 0) {
                return UNUSUAL;
            }
            begin = at;
            at += size;
        } else if (kind == FIXED64 || kind == FIXED32) {
            begin = at;
            Py_ssize_t size = kind == FIXED64 ? 8 : 4;
            if (size > stop - at) {
                return UNUSUAL;
            }
            at += size;
        } else if (kind == VARINT) {
            begin = at;
            while (at < stop && at - begin < LONGEST_VARINT && data[at] >= 0x80) {
                at++;
            }
            if (at == stop || at - begin == LONGEST_VARINT) {
                return UNUSUAL;
            }
            at++;
        } else {
            return UNUSUAL;
        }
        switch (number) {
        case TRACE_ID:
            if (kind != BYTES || at - begin != TRACE_ID_BYTES) {
                return UNUSUAL;
            }
            ids[TRACE_HIGH] = big_word(data + begin);
            ids[TRACE_LOW] = big_word(data + begin + 8);
            has |= HAS_TRACE_ID;
            break;
        case SPAN_ID:
            if (kind != BYTES || at - begin != SPAN_ID_BYTES) {
                return UNUSUAL;
            }
            ids[SPAN] = big_word(data + begin);
            has |= HAS_SPAN_ID;
            break;
        case PARENT:
            /* Of a field that comes twice the last one counts. */
            if (kind == BYTES) {
                words[PARENT_ID * n] = at - begin == SPAN_ID_BYTES ? big_word(data + begin) : 0;
            }
            break;
        case NAME:
            if (kind == BYTES) {
                places[NAME_START * n] = begin;
                places[NAME_STOP * n] = at;
            }
            break;
        case START:
            if (kind == FIXED64) {
                words[START_NS * n] = little_word(data + begin);
                has |= HAS_START;
            }
            break;
        case END:
            if (kind == FIXED64) {
                words[END_NS * n] = little_word(data + begin);
                has |= HAS_END;
            }
            break;
        case ATTRIBUTES:
            if (kind == BYTES) {
                int told = attributes_note(&spans->attributes, row, nth++, begin, at);
                if (told != USUAL) {
                    return told;
                }
            }
            break;
        case DROPPED:
            if (kind != VARINT || data[begin]) {
                return UNUSUAL;
            }
            break;
        case EVENTS:
            spans->events = 1;
            break;
        case STATUS:
            if (kind == BYTES) {
                /* A message that comes twice is the two merged; senders do not do that. */
                if (places[STATUS_START * n]) {
                    return UNUSUAL;
                }
                places[STATUS_START * n] = begin;
                places[STATUS_STOP * n] = at;
            }
            break;
        default:
            break;
        }
    }
    return has == HAS_ALL ? USUAL : UNUSUAL;
}

static int
read_spans(Spans *spans, const int64_t *start, const int64_t *stop, Py_ssize_t size)
{
    if (size > UINT32_MAX) {
        return UNUSUAL;
    }
    for (Py_ssize_t row = 0; row < spans->count; row++) {
        if (start[row] < 1 || stop[row] < start[row] || stop[row] > size) {
            return UNUSUAL;
        }
        int told = read_span(spans, row, (Py_ssize_t)start[row], (Py_ssize_t)stop[row]);
        if (told != USUAL) {
            return told;
        }
    }
    return USUAL;
}

PyObject *
wire_fields(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    Py_buffer data, start, stop, ids, words, places;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(arguments, "y*y*y*w*w*w*", &data, &start, &stop, &ids, &words, &places)) {
        return NULL;
    }
    const Py_ssize_t n = start.len / (Py_ssize_t)sizeof(int64_t);
    if (stop.len != start.len || ids.len != IDS * start.len || words.len != WORDS * start.len ||
        places.len != PLACES * start.len) {
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
    } else {
        Spans spans = {
            .data = data.buf,
            .count = n,
            .ids = ids.buf,
            .words = words.buf,
            .places = places.buf,
        };
        int ready = attributes_begin(&spans.attributes, data.buf);
        int told = ready ? read_spans(&spans, start.buf, stop.buf, data.len) : NO_MEMORY;
        if (told == USUAL) {
            PyObject *found = attributes_by_key(&spans.attributes);
            result = found ? Py_BuildValue("(NO)", found, spans.events ? Py_True : Py_False) : NULL;
        } else if (told == UNUSUAL) {
            result = Py_NewRef(Py_None);
        } else {
            PyErr_NoMemory();
        }
        attributes_end(&spans.attributes);
    }
    PyBuffer_Release(&data);
    PyBuffer_Release(&start);
    PyBuffer_Release(&stop);
    PyBuffer_Release(&ids);
    PyBuffer_Release(&words);
    PyBuffer_Release(&places);
    return result;
}
