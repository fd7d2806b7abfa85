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
    double at;
    int32_t node, behind;
} Entry;

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

/* Nearest source of every node, the smallest row among equals. Returns 0, or -1 when room ran out. */
int64_t nearest(const int32_t *indptr, const Arc *arcs, int64_t seeds, const int32_t *seed_node, const double *seed_at,
                const int64_t *seed_row, double rate, int64_t mask, double *minutes, int64_t *label, int32_t *first,
                Entry *entries, int64_t room)
{
    int64_t used = 0, live = 0, bucket = 0;
    for (int64_t seed = 0; seed < seeds; seed++) {
        int32_t node = seed_node[seed];
        double at = seed_at[seed];
        if (at < minutes[node] || (at == minutes[node] && at < INFINITY && seed_row[seed] < label[node])) {
            minutes[node] = at;
            label[node] = seed_row[seed];
            int64_t b = (int64_t)(at * rate) & mask;
            entries[used] = (Entry){at, node, first[b]};
            first[b] = (int32_t)used++;
            live++;
        }
    }
    while (live > 0) {
        int32_t at_entry = first[bucket & mask];
        if (at_entry < 0) {
            bucket++;
            continue;
        }
        Entry entry = entries[at_entry];
        first[bucket & mask] = entry.behind;
        live--;
        if (entry.at > minutes[entry.node]) continue;
        int64_t row = label[entry.node];
        int64_t arc0 = indptr[entry.node], arc1 = indptr[entry.node + 1];
        if (used + arc1 - arc0 > room) return -1;
        for (int64_t arc = arc0; arc < arc1; arc++) {
            double later = entry.at + arcs[arc].minutes;
            int32_t other = arcs[arc].head;
            if (later < minutes[other] || (later == minutes[other] && later < INFINITY && row < label[other])) {
                minutes[other] = later;
                label[other] = row;
                int64_t b = (int64_t)(later * rate) & mask;
                entries[used] = (Entry){later, other, first[b]};
                first[b] = (int32_t)used++;
                live++;
            }
        }
    }
    return 0;
}
