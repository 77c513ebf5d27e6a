/* The spans of some requests, one after the other. */

#ifndef BAROGRAPH_SPANS_H
#define BAROGRAPH_SPANS_H

#include "attributes.h"

/* Columns of the ids, one row a span. */
enum { TRACE_HIGH, TRACE_LOW, SPAN, IDS };

/* What else is read of each. */
enum { START_NS, DURATION_NS, PARENT, WORDS };

typedef struct {
    uint64_t ids[IDS];
    uint64_t words[WORDS];
    Py_ssize_t attributes; /* of it and of all before it */
} Span;

typedef struct {
    Span *all;
    Py_ssize_t count;
    Py_ssize_t room;
    Attributes attributes;
    int events; /* whether any has some */
} Spans;

/* Begin with none. To be ended in either case. */
int spans_begin(Spans *spans);
void spans_end(Spans *spans);

/* Read the next span. */
int spans_read(Spans *spans, const uint8_t *at, const uint8_t *stop);

#endif
