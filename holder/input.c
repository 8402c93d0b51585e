#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void forget_client(struct input *input, struct client *client)
{
    for (size_t i = 0; i < input->count; i++) {
        struct piece *piece = &input->pieces[(input->first + i) % INPUT_PIECES];
        if (piece->client == client)
            piece->client = NULL;
    }
    *client = (struct client){0};
}

static struct client *oldest_client(struct input *input)
{
    struct client *oldest = NULL;
    for (struct client *client = input->clients; client < input->clients + CLIENTS_REMEMBERED; client++)
        if (!client->linked && (!oldest || client->used < oldest->used))
            oldest = client;
    return oldest; /* never NULL: twice as many places as links */
}

struct client *input_client(struct input *input, const uint8_t id[CLIENT_ID_BYTES])
{
    struct client *found = NULL;
    for (struct client *client = input->clients; client < input->clients + CLIENTS_REMEMBERED; client++)
        if (client->used && memcmp(client->id, id, CLIENT_ID_BYTES) == 0)
            found = client;
    if (!found) {
        found = oldest_client(input);
        forget_client(input, found);
        memcpy(found->id, id, CLIENT_ID_BYTES);
    }
    found->used = ++input->clock;
    return found;
}

static bool append(struct input *input, struct client *client, uint32_t seq, const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size);
    if (!copy)
        return false;
    memcpy(copy, data, size);
    input->pieces[(input->first + input->count++) % INPUT_PIECES] = (struct piece){client, seq, size, 0, copy};
    return true;
}

enum input_result input_take(struct input *input, struct client *client, uint32_t seq, const uint8_t *data, size_t size)
{
    if (seq <= client->accepted)
        return INPUT_AGAIN;
    if (seq > client->accepted + 1)
        return INPUT_EARLY;
    if (client->accepted - client->written >= INPUT_FRAMES_PER_CLIENT || input->count == INPUT_PIECES)
        return INPUT_FULL;
    if (!append(input, client, seq, data, size))
        return INPUT_FULL;
    client->accepted = seq;
    client->used = ++input->clock;
    return INPUT_TAKEN;
}

static void finish_piece(struct input *input)
{
    struct piece *piece = &input->pieces[input->first];
    if (piece->client)
        piece->client->written = piece->seq;
    free(piece->data);
    input->first = (input->first + 1) % INPUT_PIECES;
    input->count--;
}

bool input_write(struct input *input, int pty)
{
    for (size_t budget = TURN_BYTES; input->count && budget;) {
        struct piece *piece = &input->pieces[input->first];
        ssize_t wrote = write(pty, piece->data + piece->done, piece->size - piece->done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return wrote == 0 || errno == EAGAIN;
        piece->done += (size_t)wrote;
        budget -= (size_t)wrote < budget ? (size_t)wrote : budget;
        if (piece->done == piece->size)
            finish_piece(input);
    }
    return true;
}

bool input_waits(const struct input *input)
{
    return input->count > 0;
}

void input_free(struct input *input)
{
    for (; input->count; input->count--, input->first = (input->first + 1) % INPUT_PIECES)
        free(input->pieces[input->first].data);
}
