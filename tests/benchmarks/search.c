/* The searches of walkshed.reach once more, in C: the measure of what the machine allows.
   Same algorithms (circular buckets, label correcting within a bucket), same arrays, same results. */
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

/* Read the arcs of the nodes about a node, its neighbours on a Hilbert curve, all at once. */
static int read_ahead(const int32_t *indptr, const Arc *arcs, const double *minutes, int64_t nodes, int64_t node)
{
    int64_t low = node > 256 ? node - 256 : 0, high = node + 256 < nodes ? node + 256 : nodes;
    double seen = 0;
    for (int64_t arc = indptr[low]; arc < indptr[high]; arc += 4) seen += arcs[arc].minutes;
    for (int64_t near = low; near < high; near += 8) seen += minutes[near];
    return seen >= 0;
}

/* Bounded search from each source, which has two seeds. Returns the pairs written, -1 when room ran out. */
int64_t bounded(const int32_t *indptr, const Arc *arcs, int64_t nodes, int64_t sources, const int32_t *seed_node,
                const double *seed_at, double limit, double rate, int64_t mask, double *minutes, int32_t *filled,
                int32_t *queued, int64_t share, int64_t *start, int32_t *found, double *found_at, int64_t capacity)
{
    int64_t written = 0;
    start[0] = 0;
    for (int64_t source = 0; source < sources; source++) {
        int64_t last = 0, begun = written;
        if (!read_ahead(indptr, arcs, minutes, nodes, seed_node[2 * source])) return -1;
        for (int64_t seed = 2 * source; seed < 2 * source + 2; seed++) {
            int32_t node = seed_node[seed];
            double at = seed_at[seed];
            if (at <= limit && at < minutes[node]) {
                if (minutes[node] == INFINITY) found[written++] = node;
                minutes[node] = at;
                int64_t bucket = (int64_t)(at * rate);
                if (bucket > last) last = bucket;
                queued[(bucket & mask) * share + filled[bucket & mask]++] = node;
            }
        }
        for (int64_t current = 0; current <= last; current++) {
            int64_t here = current & mask;
            for (int64_t i = 0; i < filled[here]; i++) {
                int32_t node = queued[here * share + i];
                double at = minutes[node];
                if ((int64_t)(at * rate) < current) continue;
                int64_t arc0 = indptr[node], arc1 = indptr[node + 1];
                if (written + arc1 - arc0 > capacity) return -1;
                for (int64_t arc = arc0; arc < arc1; arc++) {
                    double later = at + arcs[arc].minutes;
                    int32_t other = arcs[arc].head;
                    double before = minutes[other];
                    int64_t better = -(int64_t)((later <= limit) & (later < before)); /* all bits or none */
                    minutes[other] = from_bits((better & to_bits(later)) | (~better & to_bits(before)));
                    found[written] = other;
                    written += better & (before == INFINITY);
                    int64_t bucket = (int64_t)(from_bits(better & to_bits(later)) * rate);
                    last = bucket > last ? bucket : last;
                    int32_t place = filled[bucket & mask];
                    if (place >= share) return -1;
                    queued[(bucket & mask) * share + place] = other;
                    filled[bucket & mask] = place - (int32_t)better;
                }
            }
            filled[here] = 0;
        }
        for (int64_t i = begun; i < written; i++) {
            found_at[i] = minutes[found[i]];
            minutes[found[i]] = INFINITY;
        }
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
