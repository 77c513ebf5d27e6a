/* Attributes of spans, gathered by key while the spans are read one after the other. */

#ifndef BAROGRAPH_ATTRIBUTES_H
#define BAROGRAPH_ATTRIBUTES_H

#include "index.h"

#define MOST_FIELDS 1024

/* What reading returns, beside NO_MEMORY. */
enum { USUAL = 0, UNUSUAL = -2 };

typedef struct {
    uint32_t row;
    uint32_t start; /* behind the key */
    uint32_t stop;
    uint32_t key;
} Attribute;

typedef struct {
    const uint8_t *data;
    Index keys;
    Attribute *all;
    Py_ssize_t count;
    Py_ssize_t room;
    int64_t *last_row; /* of each key */
    Py_ssize_t last_room;
    uint32_t guess[MOST_FIELDS]; /* the key of each attribute of the span before */
} Attributes;

/* Begin with none; whether there is memory. To be ended in either case. */
int attributes_begin(Attributes *attributes, const uint8_t *data);
void attributes_end(Attributes *attributes);

/* Note the nth attribute, below MOST_FIELDS, of a row: rows come in order. */
int attributes_note(Attributes *attributes, Py_ssize_t row, int nth, Py_ssize_t start,
                    Py_ssize_t stop);

/* Return [(prefix, begin, end), ...], and a table of the rows row, start and stop, in which
   those of a key are from `begin` to before `end`; between keys anything may be. */
PyObject *attributes_by_key(const Attributes *attributes);

#endif
