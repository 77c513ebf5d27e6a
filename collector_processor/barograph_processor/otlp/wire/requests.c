/* Requests of spans: what is in their frames, and from their first byte to columns. */

#include "columns.h"

/* Tags of an ExportTraceServiceRequest and of the messages in it, all of bytes. */
enum { RESOURCES_TAG = 0x0A };
enum { RESOURCE_TAG = 0x0A, SCOPES_TAG = 0x12 };
enum { SCOPE_TAG = 0x0A, SPANS_TAG = 0x12 };
enum { SCHEMA_URL_TAG = 0x1A };

typedef struct {
    Spans spans;
    PyObject *counts;    /* spans of each request */
    PyObject *resources; /* of spans, and how many each has */
    PyObject *urls;      /* of schemas */
} Requests;

/* A field of bytes: its tag, and what it holds. */
typedef struct {
    uint8_t tag;
    const uint8_t *begin;
    const uint8_t *end;
} Message;

/* Read the field at a place, and go behind it; whether it is one of bytes. */
static int
message_at(const uint8_t **at, const uint8_t *stop, Message *message)
{
    message->tag = *(*at)++;
    Py_ssize_t size = length_at(at, stop);
    if (size < 0) {
        return 0;
    }
    message->begin = *at;
    message->end = *at += size;
    return 1;
}

/* Append what was made, or NULL with an exception, to a list. */
static int
append(PyObject *list, PyObject *made)
{
    int told = made ? PyList_Append(list, made) : FAILED;
    Py_XDECREF(made);
    return told;
}

static PyObject *
bytes_between(const uint8_t *begin, const uint8_t *end)
{
    return PyBytes_FromStringAndSize((const char *)begin, end - begin);
}

/* Note a schema's address. An empty one, which takes two bytes to send, would take many more. */
static int
note_url(Requests *requests, const Message *url)
{
    return url->begin == url->end ? USUAL
                                  : append(requests->urls, bytes_between(url->begin, url->end));
}

/* Read a ScopeSpans. */
static int
read_scope(Requests *requests, const uint8_t *at, const uint8_t *stop)
{
    int told = USUAL;
    Message message;
    while (told == USUAL && at < stop) {
        if (!message_at(&at, stop, &message)) {
            return UNUSUAL;
        }
        if (message.tag == SPANS_TAG) {
            told = spans_read(&requests->spans, message.begin, message.end);
        } else if (message.tag == SCHEMA_URL_TAG) {
            told = note_url(requests, &message);
        } else if (message.tag != SCOPE_TAG) {
            return UNUSUAL;
        }
    }
    return told;
}

/* Read a ResourceSpans. */
static int
read_resource(Requests *requests, const uint8_t *at, const uint8_t *stop)
{
    const Py_ssize_t before = requests->spans.count;
    int told = USUAL;
    Message message, resource = {.begin = NULL};
    while (told == USUAL && at < stop) {
        if (!message_at(&at, stop, &message)) {
            return UNUSUAL;
        }
        if (message.tag == SCOPES_TAG) {
            told = read_scope(requests, message.begin, message.end);
        } else if (message.tag == SCHEMA_URL_TAG) {
            told = note_url(requests, &message);
        } else if (message.tag != RESOURCE_TAG || resource.begin) {
            /* A message that comes twice is the two merged; senders do not do that. */
            return UNUSUAL;
        } else {
            resource = message;
        }
    }
    /* One without spans would take many times more than its own two bytes. */
    if (told != USUAL || requests->spans.count == before) {
        return told;
    }
    return append(requests->resources,
                  Py_BuildValue("(y#n)", resource.begin ? (const char *)resource.begin : "",
                                resource.begin ? resource.end - resource.begin : 0,
                                requests->spans.count - before));
}

/* Read an ExportTraceServiceRequest. */
static int
read_request(Requests *requests, PyObject *payload)
{
    const Py_ssize_t before = requests->spans.count;
    char *data;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(payload, &data, &size) < 0) {
        return FAILED;
    }
    const uint8_t *at = (const uint8_t *)data, *stop = at + size;
    int told = USUAL;
    Message message;
    while (told == USUAL && at < stop) {
        if (!message_at(&at, stop, &message) || message.tag != RESOURCES_TAG) {
            return UNUSUAL;
        }
        told = read_resource(requests, message.begin, message.end);
    }
    if (told != USUAL) {
        return told;
    }
    return append(requests->counts, PyLong_FromSsize_t(requests->spans.count - before));
}

/* Return the ids of all spans, row by row, and behind them their words, column by column. */
static PyObject *
frame_of(const Spans *spans)
{
    const Py_ssize_t n = spans->count, word = (Py_ssize_t)sizeof(uint64_t);
    PyObject *frame = PyByteArray_FromStringAndSize(NULL, (IDS + WORDS) * n * word);
    if (frame) {
        uint64_t *ids = (uint64_t *)(void *)PyByteArray_AsString(frame), *words = ids + IDS * n;
        for (Py_ssize_t row = 0; row < n; row++) {
            const Span *span = &spans->all[row];
            memcpy(ids + IDS * row, span->ids, sizeof(span->ids));
            for (int at = 0; at < WORDS; at++) {
                words[at * n + row] = span->words[at];
            }
        }
    }
    return frame;
}

/* Read requests, a tuple that nobody else changes. */
static int
read_requests(Requests *requests, PyObject *payloads, PyObject *way_of, PyObject **result)
{
    if (requests->counts == NULL || requests->resources == NULL || requests->urls == NULL) {
        return FAILED;
    }
    const Py_ssize_t count = PyTuple_Size(payloads);
    for (Py_ssize_t at = 0; at < count; at++) {
        int told = read_request(requests, PyTuple_GetItem(payloads, at));
        if (told != USUAL) {
            return told;
        }
    }
    int told;
    PyObject *columns = columns_read(&requests->spans, way_of, &told);
    if (columns == NULL) {
        return told;
    }
    *result = Py_BuildValue("(OOONNO)", requests->counts, requests->resources, requests->urls,
                            frame_of(&requests->spans), columns,
                            requests->spans.events ? Py_True : Py_False);
    return *result ? USUAL : FAILED;
}

PyObject *
wire_read(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    PyObject *payloads, *way_of, *result = NULL;
    if (!PyArg_ParseTuple(arguments, "O!O", &PyTuple_Type, &payloads, &way_of)) {
        return NULL;
    }
    Requests requests = {
        .counts = PyList_New(0),
        .resources = PyList_New(0),
        .urls = PyList_New(0),
    };
    int told = spans_begin(&requests.spans);
    if (told == USUAL) {
        told = read_requests(&requests, payloads, way_of, &result);
    }
    if (told == UNUSUAL) {
        result = Py_NewRef(Py_None);
    }
    spans_end(&requests.spans);
    Py_XDECREF(requests.counts);
    Py_XDECREF(requests.resources);
    Py_XDECREF(requests.urls);
    return result;
}
