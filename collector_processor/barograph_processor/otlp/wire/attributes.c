#include "attributes.h"

/* Make room for the uses of all keys that there is room for. */
static int
attributes_grow_uses(Attributes *attributes)
{
    const Py_ssize_t before = attributes->uses_room, room = attributes->keys.room;
    Use *uses = realloc(attributes->uses, (size_t)room * sizeof(Use));
    if (uses == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    for (Py_ssize_t key = before; key < room; key++) {
        uses[key] = (Use){0, -1};
    }
    attributes->uses = uses;
    attributes->uses_room = room;
    return USUAL;
}

int
attributes_begin(Attributes *attributes)
{
    memset(attributes, 0, sizeof(*attributes));
    attributes->room = 1024;
    attributes->all = malloc((size_t)attributes->room * sizeof(Attribute));
    if (attributes->all == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    if (index_begin(&attributes->keys) != USUAL) {
        return FAILED;
    }
    /* No key of an attribute is shorter than two bytes: a tag and a length. */
    static const uint8_t own[FIRST_KEY] = {NAME_KEY, STATUS_KEY};
    for (int key = 0; key < FIRST_KEY; key++) {
        if (index_number(&attributes->keys, 0, own + key, 1) < 0) {
            return FAILED;
        }
    }
    return attributes_grow_uses(attributes);
}

void
attributes_end(Attributes *attributes)
{
    index_end(&attributes->keys);
    free(attributes->uses);
    free(attributes->all);
}

static int
note(Attributes *attributes, Py_ssize_t row, uint32_t key, const uint8_t *start, Py_ssize_t size)
{
    if (key >= attributes->uses_room && attributes_grow_uses(attributes) != USUAL) {
        return FAILED;
    }
    Use *use = &attributes->uses[key];
    if (use->row == row) {
        return UNUSUAL;
    }
    use->row = row;
    use->count++;
    if (attributes->count == attributes->room) {
        Py_ssize_t room = 2 * attributes->room;
        Attribute *all = realloc(attributes->all, (size_t)room * sizeof(Attribute));
        if (all == NULL) {
            PyErr_NoMemory();
            return FAILED;
        }
        attributes->all = all;
        attributes->room = room;
    }
    attributes->all[attributes->count++] = (Attribute){start, (uint32_t)size, key};
    return USUAL;
}

int
attributes_note(Attributes *attributes, Py_ssize_t row, int nth, const uint8_t *start,
                const uint8_t *stop)
{
    /* Its key: a tag, a length of one byte, itself. */
    if (stop - start < 2 || start[0] != 0x0A || start[1] >= 0x80) {
        return UNUSUAL;
    }
    Py_ssize_t size = 2 + start[1];
    if (size > stop - start) {
        return UNUSUAL;
    }
    Py_ssize_t key = attributes->guess[nth];
    if (!index_is(&attributes->keys, key, 0, start, size)) {
        key = index_number(&attributes->keys, 0, start, size);
        if (key < 0) {
            return FAILED;
        }
        attributes->guess[nth] = (uint32_t)key;
    }
    return note(attributes, row, (uint32_t)key, start + size, stop - start - size);
}

int
attributes_note_own(Attributes *attributes, Py_ssize_t row, uint32_t key, const uint8_t *start,
                    Py_ssize_t size)
{
    return note(attributes, row, key, start, size);
}
