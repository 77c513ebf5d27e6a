#include "index.h"

/* A slot behind so many others that are taken was not found so by chance. */
#define MOST_PROBES 64

static uint64_t seeds[2];

int
index_draw_seeds(void)
{
    PyObject *os = PyImport_ImportModule("os");
    PyObject *drawn = os ? PyObject_CallMethod(os, "urandom", "i", (int)sizeof(seeds)) : NULL;
    Py_XDECREF(os);
    if (drawn == NULL) {
        return -1;
    }
    memcpy(seeds, PyBytes_AsString(drawn), sizeof(seeds));
    seeds[1] |= 1; /* to multiply by an odd number loses nothing */
    Py_DECREF(drawn);
    return 0;
}

static uint64_t
hash_of(const uint8_t *at, Py_ssize_t size)
{
    uint64_t hash = seeds[0] ^ (uint64_t)size;
    uint64_t word;
    for (; size >= 8; at += 8, size -= 8) {
        memcpy(&word, at, 8);
        hash = (hash ^ word) * seeds[1];
        hash ^= hash >> 32;
    }
    if (size) {
        word = 0;
        memcpy(&word, at, (size_t)size);
        hash = (hash ^ word) * seeds[1];
        hash ^= hash >> 32;
    }
    return hash * seeds[1];
}

int
index_begin(Index *index, const uint8_t *data)
{
    index->data = data;
    index->count = 0;
    index->room = 32;
    index->mask = 2 * (uint64_t)index->room - 1;
    index->known = malloc((size_t)index->room * sizeof(Stretch));
    index->slots = calloc((size_t)index->mask + 1, sizeof(uint32_t));
    return index->known && index->slots;
}

void
index_end(Index *index)
{
    free(index->known);
    free(index->slots);
}

/* Make room for twice as many, half of the slots free. */
static int
index_grow(Index *index)
{
    Py_ssize_t room = 2 * index->room;
    uint64_t mask = 2 * (uint64_t)room - 1;
    Stretch *known = realloc(index->known, (size_t)room * sizeof(Stretch));
    if (known == NULL) {
        return 0;
    }
    index->known = known;
    uint32_t *slots = calloc((size_t)mask + 1, sizeof(uint32_t));
    if (slots == NULL) {
        return 0;
    }
    for (Py_ssize_t number = 0; number < index->count; number++) {
        uint64_t slot = (known[number].hash >> 20) & mask;
        while (slots[slot]) {
            slot = (slot + 1) & mask;
        }
        slots[slot] = (uint32_t)number + 1;
    }
    free(index->slots);
    index->slots = slots;
    index->room = room;
    index->mask = mask;
    return 1;
}

Py_ssize_t
index_number(Index *index, Py_ssize_t start, Py_ssize_t size)
{
    uint64_t hash = hash_of(index->data + start, size);
    uint64_t slot = (hash >> 20) & index->mask;
    for (int probe = 0; index->slots[slot]; probe++) {
        Py_ssize_t number = (Py_ssize_t)index->slots[slot] - 1;
        if (index->known[number].hash == hash && index_is(index, number, start, size)) {
            return number;
        }
        if (probe == MOST_PROBES) {
            return CROWDED;
        }
        slot = (slot + 1) & index->mask;
    }
    Py_ssize_t number = index->count++;
    index->known[number] = (Stretch){start, size, hash};
    index->slots[slot] = (uint32_t)number + 1;
    if (index->count == index->room && !index_grow(index)) {
        return NO_MEMORY;
    }
    return number;
}
