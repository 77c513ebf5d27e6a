#include "index.h"

#define ODD UINT64_C(0x9E3779B97F4A7C15) /* 2**64 over the golden ratio */

static uint64_t seeds[2];

int
index_draw_seeds(void)
{
    PyObject *os = PyImport_ImportModule("os");
    PyObject *drawn = os ? PyObject_CallMethod(os, "urandom", "i", (int)sizeof(seeds)) : NULL;
    Py_XDECREF(os);
    char *bytes = drawn ? PyBytes_AsString(drawn) : NULL;
    if (bytes) {
        memcpy(seeds, bytes, sizeof(seeds));
    }
    Py_XDECREF(drawn);
    return bytes ? 0 : -1;
}

typedef struct {
    uint64_t a, b, c, d;
} Sip;

static inline uint64_t
turned(uint64_t word, int left)
{
    return word << left | word >> (64 - left);
}

static inline void
sip_round(Sip *v)
{
    v->a += v->b;
    v->c += v->d;
    v->b = turned(v->b, 13) ^ v->a;
    v->d = turned(v->d, 16) ^ v->c;
    v->a = turned(v->a, 32) + v->d;
    v->c += v->b;
    v->d = turned(v->d, 21) ^ v->a;
    v->b = turned(v->b, 17) ^ v->c;
    v->c = turned(v->c, 32);
}

static inline void
sip_word(Sip *v, uint64_t word)
{
    v->d ^= word;
    sip_round(v);
    v->a ^= word;
}

/* SipHash-1-3 (Aumasson and Bernstein, 2012), with which Python keeps its dictionaries. */
static uint64_t
hash_of(const uint8_t *at, Py_ssize_t size)
{
    Sip v = {seeds[0] ^ 0x736F6D6570736575, seeds[1] ^ 0x646F72616E646F6D,
             seeds[0] ^ 0x6C7967656E657261, seeds[1] ^ 0x7465646279746573};
    uint64_t last = (uint64_t)size << 56;
    for (; size >= 8; at += 8, size -= 8) {
        sip_word(&v, little_word(at));
    }
    for (int byte = 0; byte < size; byte++) {
        last |= (uint64_t)at[byte] << (8 * byte);
    }
    sip_word(&v, last);
    v.c ^= 0xFF;
    sip_round(&v);
    sip_round(&v);
    sip_round(&v);
    return v.a ^ v.b ^ v.c ^ v.d;
}

int
index_begin(Index *index)
{
    index->count = 0;
    index->room = 32;
    index->mask = 2 * (uint64_t)index->room - 1;
    memset(index->recent, 0, sizeof(index->recent));
    index->known = malloc((size_t)index->room * sizeof(Stretch));
    index->slots = calloc((size_t)index->mask + 1, sizeof(uint32_t));
    if (index->known == NULL || index->slots == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    return USUAL;
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
        PyErr_NoMemory();
        return FAILED;
    }
    index->known = known;
    uint32_t *slots = calloc((size_t)mask + 1, sizeof(uint32_t));
    if (slots == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    for (Py_ssize_t number = 0; number < index->count; number++) {
        uint64_t slot = known[number].hash & mask;
        while (slots[slot]) {
            slot = (slot + 1) & mask;
        }
        slots[slot] = (uint32_t)number + 1;
    }
    free(index->slots);
    index->slots = slots;
    index->room = room;
    index->mask = mask;
    return USUAL;
}

/* Look a stretch up in the table, and add it if it is new. */
static Py_ssize_t
look_up(Index *index, uint32_t owner, const uint8_t *start, Py_ssize_t size)
{
    /* Equal bytes of different owners lie apart: an odd number has a place of its own for each. */
    uint64_t hash = hash_of(start, size) + owner * ODD;
    uint64_t slot = hash & index->mask;
    while (index->slots[slot]) {
        Py_ssize_t number = (Py_ssize_t)index->slots[slot] - 1;
        if (index->known[number].hash == hash && index_is(index, number, owner, start, size)) {
            return number;
        }
        slot = (slot + 1) & index->mask;
    }
    Py_ssize_t number = index->count++;
    index->known[number] = (Stretch){start, size, hash, owner, 0};
    index->slots[slot] = (uint32_t)number + 1;
    if (index->count == index->room && index_grow(index) != USUAL) {
        return FAILED;
    }
    return number;
}

Py_ssize_t
index_number(Index *index, uint32_t owner, const uint8_t *start, Py_ssize_t size)
{
    /* Most are among the few that came last. Who sends what falls together here gains nothing:
       the table's own hash is behind it. */
    const uint64_t word = last_word(start, size) + (uint64_t)size;
    uint32_t *recent = &index->recent[(word + owner * ODD) * ODD >> (64 - RECENT_BITS)];
    if (*recent && index_is(index, *recent - 1, owner, start, size)) {
        return *recent - 1;
    }
    Py_ssize_t number = look_up(index, owner, start, size);
    if (number >= 0) {
        *recent = (uint32_t)number + 1;
    }
    return number;
}
