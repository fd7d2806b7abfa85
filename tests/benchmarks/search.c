/* The searches of walkshed.reach once more, in C: the measure of what the machine allows.
   Same algorithms (circular buckets, label correcting within a bucket, passes over short lists), same arrays, same
   results. */
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    double minutes;
    int32_t head;
} Arc;

typedef struct {
    double minutes;
    int32_t row, arc;
} Node;

static inline int64_t to_bits(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double from_bits(int64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

enum { READ_AHEAD = 256, LINE_ARCS = 4, LINE_MINUTES = 8, PACE = 16, BATCH = 256, TOGETHER = 4 };

/* Bounded search from one source, which has two seeds. Returns how many nodes were touched, -1 when room ran out. What
   the search about the node `following` will read is asked for meanwhile. */
static int64_t search(const int32_t *restrict indptr, const Arc *restrict arcs, int64_t nodes, const int32_t *seed_node,
                      const double *seed_at, int64_t following, double limit, double rate, int64_t mask,
                      double *restrict minutes, int32_t *restrict filled, int32_t *restrict queued, int64_t share,
                      int32_t *restrict touched, int32_t *restrict listed, double *restrict begun,
                      int32_t *restrict improved)
{
    int64_t ask = following > READ_AHEAD ? following - READ_AHEAD : 0;
    int64_t asked = following + READ_AHEAD < nodes ? following + READ_AHEAD : nodes;
    int64_t ask_arc = indptr[ask], asked_arc = indptr[asked], reached = 0, last = 0;
    for (int64_t seed = 0; seed < 2; seed++) {
        int32_t node = seed_node[seed];
        double at = seed_at[seed];
        if (at <= limit && at < minutes[node]) {
            if (minutes[node] == INFINITY) touched[reached++] = node;
            minutes[node] = at;
            int64_t bucket = (int64_t)(at * rate);
            last = bucket > last ? bucket : last;
            if (filled[bucket & mask] >= share) return -1;
            queued[(bucket & mask) * share + filled[bucket & mask]++] = node;
        }
    }
    for (int64_t current = 0; current <= last; current++) {
        int64_t till = ask_arc + PACE * LINE_ARCS < asked_arc ? ask_arc + PACE * LINE_ARCS : asked_arc;
        for (; ask_arc < till; ask_arc += LINE_ARCS) __builtin_prefetch(arcs + ask_arc);
        till = ask + PACE < asked ? ask + PACE : asked;
        for (; ask < till; ask += LINE_MINUTES) __builtin_prefetch(minutes + ask);
        int64_t here = current & mask, i = 0, behind = filled[here], skip = 0;
        while (i < behind) {
            int64_t count = 0, better_ones = 0;
            while (i < behind && count < BATCH) { /* list the arcs */
                int64_t node = queued[here * share + i++], arc = indptr[node] + skip;
                int64_t size = indptr[node + 1] - arc;
                double at = minutes[node];
                skip = 0;
                size = (int64_t)(at * rate) >= current ? size : 0; /* 0 if done in a bucket before */
                for (int64_t ahead = 0; ahead < TOGETHER; ahead++) {
                    listed[count + ahead] = (int32_t)(arc + ahead);
                    begun[count + ahead] = at;
                }
                if (size > TOGETHER) {
                    if (size > BATCH) { /* the rest in the next go */
                        size = BATCH;
                        skip = arc + size - indptr[node];
                        i--;
                    }
                    for (int64_t ahead = TOGETHER; ahead < size; ahead++) {
                        listed[count + ahead] = (int32_t)(arc + ahead);
                        begun[count + ahead] = at;
                    }
                }
                count += size;
            }
            for (int64_t one = 0; one < count; one++) { /* relax */
                const Arc *street = arcs + listed[one];
                double later = begun[one] + street->minutes;
                int32_t other = street->head;
                double before = minutes[other];
                double within = later <= limit ? later : INFINITY;
                double least = within < before ? within : before;
                int64_t better = within < before;
                minutes[other] = least;
                improved[better_ones] = other;
                better_ones += better;
                touched[reached] = other;
                reached += better & (before == INFINITY);
            }
            for (int64_t one = 0; one < better_ones; one++) { /* put what was improved into buckets */
                int32_t other = improved[one];
                int64_t bucket = (int64_t)(minutes[other] * rate);
                last = bucket > last ? bucket : last;
                int32_t place = filled[bucket & mask];
                if (place >= share) return -1;
                queued[(bucket & mask) * share + place] = other;
                filled[bucket & mask] = place + 1;
                __builtin_prefetch(arcs + indptr[other]);
            }
            behind = filled[here];
        }
        filled[here] = 0;
    }
    return reached;
}

/* Bounded search from each source. Returns the pairs written, -1 when room ran out. */
int64_t bounded(const int32_t *indptr, const Arc *arcs, int64_t nodes, int64_t sources, const int32_t *seed_node,
                const double *seed_at, double limit, double rate, int64_t mask, double *minutes, int32_t *filled,
                int32_t *queued, int64_t share, int32_t *touched, int32_t *listed, double *begun, int32_t *improved,
                int64_t *start, int32_t *found, double *found_at, int64_t capacity)
{
    int64_t written = 0;
    start[0] = 0;
    for (int64_t source = 0; source < sources; source++) {
        int64_t following = seed_node[2 * (source + 1 < sources ? source + 1 : source)];
        int64_t reached = search(indptr, arcs, nodes, seed_node + 2 * source, seed_at + 2 * source, following, limit,
                                 rate, mask, minutes, filled, queued, share, touched, listed, begun, improved);
        if (reached < 0 || written + reached > capacity) return -1;
        for (int64_t i = 0; i < reached; i++) {
            int32_t node = touched[i];
            found[written + i] = node;
            found_at[written + i] = minutes[node];
            minutes[node] = INFINITY;
        }
        written += reached;
        start[source + 1] = written;
    }
    return written;
}

typedef struct {
    int32_t *queued;
    int64_t block, room, free, fresh;
} Blocks;

/* Where to go on behind an element that was the last of its block: in a block used before, or a new one; 0 if none. */
static int64_t go_on(Blocks *blocks, int64_t place)
{
    int64_t behind = blocks->free;
    if (behind) {
        blocks->free = blocks->queued[behind] * blocks->block;
    } else {
        if (blocks->fresh == blocks->room) return 0;
        behind = blocks->fresh;
        blocks->fresh += blocks->block;
    }
    blocks->queued[place - blocks->block] = (int32_t)(behind / blocks->block);
    return behind + 1;
}

/* Nearest source of every node, the smallest row among equals. Returns 0, or -1 when room ran out. */
int64_t nearest(const Arc *arcs, int64_t seeds, const int32_t *seed_node, const double *seed_at,
                const int64_t *seed_row, double rate, int64_t mask, Node *known, int64_t *begin, int64_t *end,
                int32_t *queued, int64_t block, int64_t room)
{
    Blocks blocks = {queued, block, room, 0, (mask + 2) * block};
    int64_t last = 0, in_block = block - 1;
    double seen = 0;
    for (int64_t seed = 0; seed < seeds; seed++) {
        Node *node = known + seed_node[seed];
        double at = seed_at[seed];
        if (at < node->minutes || (at == node->minutes && seed_row[seed] < node->row)) {
            node->minutes = at;
            node->row = (int32_t)seed_row[seed];
            int64_t bucket = (int64_t)(at * rate), place = end[bucket & mask];
            last = bucket > last ? bucket : last;
            queued[place++] = seed_node[seed];
            if (!(place & in_block) && !(place = go_on(&blocks, place))) return -1;
            end[bucket & mask] = place;
        }
    }
    for (int64_t current = 0; current <= last; current++) {
        int64_t here = current & mask, start = begin[here], place = start + 1, ahead = place;
        while (place != end[here]) {
            if (place == ahead) { /* the arcs of the rest of the block all at once */
                ahead = (end[here] ^ place) > in_block ? (place | in_block) + 1 : end[here];
                for (int64_t k = place; k < ahead; k++) seen += arcs[known[queued[k]].arc].minutes;
            }
            const Node *node = known + queued[place++];
            if (!(place & in_block)) {
                int64_t behind = queued[start] * block;
                queued[start] = (int32_t)(blocks.free / block);
                blocks.free = start;
                start = behind;
                place = ahead = start + 1;
            }
            double at = node->minutes;
            int32_t row = node->row;
            if ((int64_t)(at * rate) < current) continue;
            for (int64_t arc = node->arc, arc1 = node[1].arc; arc < arc1; arc++) {
                double later = at + arcs[arc].minutes;
                Node *other = known + arcs[arc].head;
                double before = other->minutes;
                int32_t owner = other->row;
                int64_t better = -(int64_t)((later < before) | ((later == before) & (row < owner))); /* all bits, none */
                other->minutes = from_bits((better & to_bits(later)) | (~better & to_bits(before)));
                other->row = better ? row : owner;
                int64_t bucket = (int64_t)(from_bits((better & to_bits(later)) | (~better & to_bits(at))) * rate);
                last = bucket > last ? bucket : last;
                int64_t to = end[bucket & mask];
                queued[to] = arcs[arc].head;
                to -= better;
                if (!(to & in_block) && !(to = go_on(&blocks, to))) return -1;
                end[bucket & mask] = to;
            }
        }
        begin[here] = start;
        end[here] = start + 1;
    }
    return seen >= 0 ? 0 : -1;
}
