/* Stretches of equal bytes, numbered by first appearance: a hash table of places. */

#ifndef BAROGRAPH_INDEX_H
#define BAROGRAPH_INDEX_H

#include "wire.h"

typedef struct {
    Py_ssize_t start;
    Py_ssize_t size;
    uint64_t hash;
} Stretch;

typedef struct {
    const uint8_t *data;
    Stretch *known; /* by number */
    Py_ssize_t count;
    Py_ssize_t room;
    uint32_t *slots; /* numbers from one; zero where nothing is */
    uint64_t mask;
} Index;

/* What `index_number` returns in place of a number. */
enum { NO_MEMORY = -1 };

/* Draw what hashes depend on, so that nobody can send what falls into one slot; -1 if it fails. */
int index_draw_seeds(void);

/* Begin an index over data; whether there is memory for it. To be ended in either case. */
int index_begin(Index *index, const uint8_t *data);
void index_end(Index *index);

/* Return the number of a stretch of the data, or NO_MEMORY. */
Py_ssize_t index_number(Index *index, Py_ssize_t start, Py_ssize_t size);

/* Whether a stretch of the data is that of a number. */
static inline int
index_is(const Index *index, Py_ssize_t number, Py_ssize_t start, Py_ssize_t size)
{
    const Stretch *known = &index->known[number];
    return known->size == size &&
           memcmp(index->data + known->start, index->data + start, (size_t)size) == 0;
}

#endif
