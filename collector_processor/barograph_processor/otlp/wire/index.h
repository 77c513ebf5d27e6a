/* Stretches of equal bytes of one owner, numbered by first appearance: a hash table of places. */

#ifndef BAROGRAPH_INDEX_H
#define BAROGRAPH_INDEX_H

#include "wire.h"

#define RECENT_BITS 7

typedef struct {
    const uint8_t *start;
    Py_ssize_t size;
    uint64_t hash;
    uint32_t owner;
    uint32_t code; /* whatever the index is kept for */
} Stretch;

typedef struct {
    Stretch *known; /* by number */
    Py_ssize_t count;
    Py_ssize_t room;
    uint32_t *slots; /* numbers from one; zero where nothing is */
    uint64_t mask;
    uint32_t recent[1 << RECENT_BITS]; /* numbers from one, by a hash that costs less */
} Index;

/* Draw what hashes depend on, so that nobody can send what falls into one slot; -1 if it fails. */
int index_draw_seeds(void);

/* Begin an index. To be ended in either case. */
int index_begin(Index *index);
void index_end(Index *index);

/* Return the number of a stretch of an owner, or FAILED. */
Py_ssize_t index_number(Index *index, uint32_t owner, const uint8_t *start, Py_ssize_t size);

/* Return the last eight bytes of a stretch, or all of fewer, as a word. */
static inline uint64_t
last_word(const uint8_t *start, Py_ssize_t size)
{
    if (size >= 8) {
        return little_word(start + size - 8);
    }
    if (size >= 4) {
        return little_half(start) | (uint64_t)little_half(start + size - 4) << 32;
    }
    uint64_t word = 0;
    for (Py_ssize_t byte = 0; byte < size; byte++) {
        word = word << 8 | start[byte];
    }
    return word;
}

/* Whether two stretches of so many bytes are equal: most are short, and a call costs more. */
static inline int
same_bytes(const uint8_t *one, const uint8_t *other, Py_ssize_t size)
{
    for (Py_ssize_t at = 0; at < size - 8; at += 8) {
        if (little_word(one + at) != little_word(other + at)) {
            return 0;
        }
    }
    return last_word(one, size) == last_word(other, size);
}

/* Whether a stretch of an owner is that of a number. */
static inline int
index_is(const Index *index, Py_ssize_t number, uint32_t owner, const uint8_t *start,
         Py_ssize_t size)
{
    const Stretch *known = &index->known[number];
    return known->size == size && known->owner == owner && same_bytes(known->start, start, size);
}

#endif
