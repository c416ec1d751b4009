/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the command `sweep` share: the grid, its table, the run, what is made of it.
 *
 *     beta in [0, 1]          cell 0: beta 0, H 0.2     cell 1: beta 0, H 0.5    …
 *     H    in [0.2, 0.5]      the last axis runs fastest; the table has a row a cell, in this order
 */
#ifndef RNET_LIB_SWEEP_H
#define RNET_LIB_SWEEP_H

#include "lib/abreast.h"

enum { RT_AXES = 16 };

/* An axis as it is run: whole numbers rounded, duplicates dropped, or the one value of --set. */
typedef struct RtAxis {
    int32_t param;
    const char *name;
    int64_t count;
    double *values; /* [count], as stated */
    int64_t *order; /* [count] places, by ascending value */
    bool shared;    /* cells along it share their draws */
} RtAxis;

typedef struct RtGrid {
    const RnProgram *program;
    const RnSweep *sweep;
    const double *config; /* of the params that are no axes */
    RtAxis axes[RT_AXES];
    int axis_count;
    int64_t cells;
    int64_t groups; /* of cells that share their draws */
} RtGrid;

/* sweep_grid.c */
/* `sharing`: cells may share draws at all. */
bool rt_grid_open(RtGrid *grid, const RnProgram *program, const RnSweep *sweep,
                  const RtOptions *options, bool sharing, RtError *error);
void rt_grid_close(RtGrid *grid);
/* Where the cell stands on an axis. */
int64_t rt_grid_place(const RtGrid *grid, int64_t cell, int axis);
/* Gives the params of the axes their values in a cell; the others stay. */
void rt_grid_set(const RtGrid *grid, int64_t cell, double *config);
/* The cell with these values, one an axis; -1: none. */
int64_t rt_grid_find(const RtGrid *grid, const double *values);
/* A cell of a group, and the group of a cell. Members count along the shared axes. */
int64_t rt_grid_member(const RtGrid *grid, int64_t group, int64_t member);
int64_t rt_grid_group(const RtGrid *grid, int64_t cell);

/* Of a cell whose draws are not all there. */
typedef struct RtDraws {
    double *values; /* [quantity][draw] */
    bool *there;    /* [draw] */
} RtDraws;

/* The table: a line that says what it belongs to, the names of the columns, a row a cell; until it
 * is whole, a line for each draw of an unfinished cell. */
typedef struct RtRows {
    const RtGrid *grid;
    uint64_t hash;    /* of all that decides the rows */
    bool keeps_draws; /* a column with the values of all draws, for each quantity */
    char **text;      /* [cells] rows without line end; NULL: not there */
    int64_t done;
    RtDraws *parts; /* [cells] */
    int64_t draws;
    FILE *stream; /* that rows are appended to */
    const char *path;
} RtRows;

/* sweep_table.c */
bool rt_rows_open(RtRows *rows, const RtGrid *grid, int64_t draws, uint64_t hash, RtError *error);
void rt_rows_free(RtRows *rows);
/* Adds what a file holds. A line without an end is left out. */
bool rt_rows_read(RtRows *rows, const char *path, RtError *error);
/* The whole file, in the grid's order. */
bool rt_rows_write(const RtRows *rows, const char *path, RtError *error);
/* Writes what is there, and appends from now on; `path` outlives the rows. */
bool rt_rows_begin(RtRows *rows, const char *path, RtError *error);
/* Writes all that is there, draws too, and goes on appending. */
bool rt_rows_keep(RtRows *rows, RtError *error);
/* One quantity after another. */
bool rt_rows_add(RtRows *rows, int64_t cell, const RtMeasured *results, RtError *error);
bool rt_rows_end(RtRows *rows, RtError *error);
/* Means and standard errors of a quantity, [cells]; NaN where there is no row. Finite draws, too.
 */
void rt_rows_column(const RtRows *rows, int measure, double *mean, double *error, int64_t *finite);
/* Draws of a quantity in a cell, where they are kept: how many, at most `most`. */
int64_t rt_rows_draws(const RtRows *rows, int64_t cell, int measure, double *values, int64_t most);
/* The number in front of `end`, as rt_exact_text writes it and not otherwise; moves behind it. */
bool rt_read_exact(const char **at, char end, double *value);

/* Cells index, index + count, … of the groups, or of the cells where there are fewer groups. */
typedef struct RtShard {
    int64_t index, count; /* count 0 or 1: all */
} RtShard;

typedef struct RtSweepRun {
    const RtOptions *options;
    const RtGrid *grid;
    RtRows *rows;
    RtShard shard;
    RtLoan loan;
    int64_t draws;
    int most_workers;           /* networks that fit into the memory side by side */
    bool single;                /* no more than that fit: cells are traced one by one */
    bool trained;               /* each cell is trained first */
    const RnMeasure **measures; /* of rt_measure; without the loss of the training itself */
    int measure_count;
} RtSweepRun;

/* sweep_run.c: measures what the rows lack, on all cores. */
bool rt_sweep_run(RtSweepRun *run, RtPool *pool, RtError *error);
bool rt_shard_has(const RtGrid *grid, const RtShard *shard, int64_t cell);
/* Is the cell of the shard, and not in the rows? */
bool rt_sweep_wants(const RtSweepRun *run, int64_t cell);

/* One core's network. */
typedef struct RtWorker {
    const RtSweepRun *run;
    RtOptions options;
    const char **sets; /* those of the command line, then one an axis */
    char **texts;      /* [axes] "NAME=VALUE" of the cell at hand */
    RtProber prober;
    bool open, drawn, wide;
    uint64_t draw;                               /* of the weights that are there */
    double *config;                              /* scratch */
    RtAbreast abreast;                           /* open where `wide` */
    int64_t ahead[RT_MOST_ABREAST], ahead_count; /* cells whose traces are there, of that draw */
} RtWorker;

/* sweep_cell.c */
bool rt_worker_open(RtWorker *worker, const RtSweepRun *run, RtError *error);
void rt_worker_close(RtWorker *worker);
/* Opens the prober for a cell. */
bool rt_worker_visit(RtWorker *worker, int64_t cell, RtError *error);
/* The first of some cells that will be measured one after the other, so that what they have in
 * common may be done once. values[quantity]; NaN for all of a network that diverged. */
bool rt_worker_measure(RtWorker *worker, const int64_t *cells, int64_t count, uint64_t draw,
                       double *values, RtError *error);

/* A quantity over the grid's axes, less the one that `best` has reduced. */
typedef struct RtSurface {
    const RtGrid *grid;
    const RnMeasure *measure;
    int axes[RT_AXES], axis_count;
    int reduced; /* axis of the grid, or -1 */
    int64_t cells;
    double *mean, *error, *best; /* [cells]; best: value of the reduced axis */
    int64_t lost_cells;          /* of the grid: not finite */
    int64_t lost_draws, draws;   /* of the grid's other cells: not finite, and all */
} RtSurface;

/* sweep_surface.c */
bool rt_surface_make(RtSurface *surface, const RtRows *rows, int measure, RtError *error);
void rt_surface_free(RtSurface *surface);
/* Place of a cell of the surface on its axis number `axis`. */
int64_t rt_surface_place(const RtSurface *surface, int64_t cell, int axis);
double rt_surface_value(const RtSurface *surface, int64_t cell, int axis);
/* Number of the grid's axis among the surface's, or -1. */
int rt_surface_axis(const RtSurface *surface, int grid_axis);
/* "left out, not finite: 2 of 12 cells, 3 of 50 draws": what its means are taken without, or "".
 * `merged`: cells have gone into others, so that those that are left out cannot be seen. */
void rt_surface_left_out(const RtSurface *surface, bool merged, char text[128]);
/* "log10_forward_change": a name for files; "loss_2" where `best loss over x` has taken "loss". */
void rt_quantity_name(const RtSurface *surface, char name[128]);

/* sweep_theory.c */
/* A quantity of drawn weights; NaN where no theory is known. */
double rt_theory_value(const RnProgram *program, const double *config, const RnMeasure *measure);
/* Density at `value` of a quantity over draws, one sample each; NaN where no law is known. */
double rt_theory_density(const RnProgram *program, const double *config, const RnMeasure *measure,
                         double value);
/* Exponent with which a norm grows in depth; it changes its sign on the boundary of the regimes. */
double rt_theory_displacement(const RnProgram *program, const double *config,
                              const RnMeasure *measure);

/* sweep_report.c: fits, best values and what was written; `stem` is the table's name without .csv
 */
bool rt_sweep_report(const RtRows *rows, const RtOptions *options, int64_t draws, const char *stem,
                     RtError *error);
/* sweep_curves.c: theory of what a picture shows. Each fills x[] and y[], and returns the count. */
enum { RT_CURVE_POINTS = 65 };
/* Along the picture's x, at place `line` of its `by`. */
int64_t rt_sweep_curve(const RtSurface *surface, int64_t line, double x[RT_CURVE_POINTS],
                       double y[RT_CURVE_POINTS]);
/* The density of a quantity that was drawn in one cell, between two values. */
int64_t rt_sweep_density(const RtSurface *surface, double low, double high,
                         double x[RT_CURVE_POINTS], double y[RT_CURVE_POINTS]);
/* Where the heat map's x is critical, for each of its y; arrays of as many. */
int64_t rt_sweep_boundary(const RtSurface *surface, double *x, double *y);
/* sweep_plot.c: one picture a quantity; its path, empty where there is none. */
bool rt_sweep_plot(const RtRows *rows, const RtSurface *surface, int measure, int64_t draws,
                   const char *stem, char path[1200], RtError *error);

#endif
