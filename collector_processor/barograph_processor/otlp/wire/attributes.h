/* Attributes of spans and their keys, noted while the spans are read one after the other. */

#ifndef BAROGRAPH_ATTRIBUTES_H
#define BAROGRAPH_ATTRIBUTES_H

#include "index.h"

#define MOST_FIELDS 1024

/* What every span has one of beside its attributes, as if these were their keys. */
enum { NAME_KEY, STATUS_KEY, FIRST_KEY };

typedef struct {
    const uint8_t *start; /* behind the key */
    uint32_t size;
    uint32_t key;
} Attribute;

typedef struct {
    Py_ssize_t count; /* of its attributes */
    Py_ssize_t row;   /* of the last of them */
} Use;

typedef struct {
    Index keys;
    Use *uses; /* of each key */
    Py_ssize_t uses_room;
    Attribute *all;
    Py_ssize_t count;
    Py_ssize_t room;
    uint32_t guess[MOST_FIELDS]; /* the key of each attribute of the span before */
} Attributes;

/* Begin with none. To be ended in either case. */
int attributes_begin(Attributes *attributes);
void attributes_end(Attributes *attributes);

/* Note the nth attribute, below MOST_FIELDS, of a row: rows come in order. */
int attributes_note(Attributes *attributes, Py_ssize_t row, int nth, const uint8_t *start,
                    const uint8_t *stop);

/* Note a row's name or status. */
int attributes_note_own(Attributes *attributes, Py_ssize_t row, uint32_t key, const uint8_t *start,
                        Py_ssize_t size);

#endif
