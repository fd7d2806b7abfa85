/* The searches of walkshed.reach.search once more, in C: the measure of what the machine allows.
   Same algorithm (circular bucket queue, label correcting within a bucket), same arrays, same results. */
#include <math.h>
#include <stdint.h>

typedef struct {
    double at;
    int32_t node, behind;
} Entry;

/* Bounded search from each source, which has two seeds. Returns the pairs written, -1 when room ran out. */
int64_t bounded(const int64_t *indptr, const int32_t *head, const double *weight, int64_t sources,
                const int32_t *seed_node, const double *seed_at, double limit, double rate, int64_t mask,
                double *minutes, int32_t *first, Entry *entries, int64_t room, int64_t *start, int32_t *found,
                double *found_at, int64_t capacity)
{
    int64_t written = 0;
    start[0] = 0;
    for (int64_t source = 0; source < sources; source++) {
        int64_t used = 0, live = 0, bucket = 0, begun = written;
        for (int64_t seed = 2 * source; seed < 2 * source + 2; seed++) {
            int32_t node = seed_node[seed];
            double at = seed_at[seed];
            if (at <= limit && at < minutes[node]) {
                if (minutes[node] == INFINITY) found[written++] = node;
                minutes[node] = at;
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
            int64_t arc0 = indptr[entry.node], arc1 = indptr[entry.node + 1];
            if (used + arc1 - arc0 > room || written + arc1 - arc0 > capacity) return -1;
            for (int64_t arc = arc0; arc < arc1; arc++) {
                double later = entry.at + weight[arc];
                if (later <= limit) {
                    int32_t other = head[arc];
                    double before = minutes[other];
                    if (later < before) {
                        if (before == INFINITY) found[written++] = other;
                        minutes[other] = later;
                        int64_t b = (int64_t)(later * rate) & mask;
                        entries[used] = (Entry){later, other, first[b]};
                        first[b] = (int32_t)used++;
                        live++;
                    }
                }
            }
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
int64_t nearest(const int64_t *indptr, const int32_t *head, const double *weight, int64_t seeds,
                const int32_t *seed_node, const double *seed_at, const int64_t *seed_row, double rate, int64_t mask,
                double *minutes, int64_t *label, int32_t *first, Entry *entries, int64_t room)
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
            double later = entry.at + weight[arc];
            int32_t other = head[arc];
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
