/*
 * journal.pml - the protocol of update, crash, append and recovery
 *
 * A model for spin of journal.c, plan.c and maildrop.c: the comments name the
 * function that is spoken of. tests/model.sh searches all of its states, and
 * then those of each mistake below, every one of which must be found.
 *
 * The file is a row of cells, each a whole message; so is the mark. Messages
 * 1..OLD are there and on disk; up to NEW more are appended at any time when
 * nobody holds the locks, by agents that sync or do not. Sessions follow one
 * another for ever; some of them ("updates") delete any messages. Each
 * statement of a session is one system call. Between any two it may be
 * killed, or the power may fail; in recovery as well.
 *
 * The disk: what is written goes to a cache, and from there to the disk cell
 * by cell, in any order, at any time. When the power fails, what was just
 * being written is torn. Assumed is: a truncation is atomic; what is written
 * behind it later is not on disk before it; a digest shows what is torn. And
 * for the sake of a small model, a file does not grow on disk before its bytes
 * are there: else all sorts of mail that was not synced had to be told apart.
 *
 * What must hold whenever a session has begun: the file has every message
 * that nobody has marked, in order and once; of those that an update has
 * marked all or none, and none if the client was told +OK. Only an appended
 * message that nobody has ever synced may be missing after a power failure.
 */
#ifndef OLD
#define OLD 3
#endif
#ifndef NEW
#define NEW 1
#endif
#ifndef ROOM
#define ROOM 2 /* PLAN_DATA, in cells */
#endif
#define PLANS 2 /* at most */

/* Mistakes: a sync that is left out, by where it was ... */
#define NO_SYNC_FIRST      1
#define NO_SYNC_EMPTIED    2
#define NO_SYNC_PLAN       3
#define NO_SYNC_STEP       4
#define NO_SYNC_RECORD     5
#define NO_SYNC_CUT        6
#define NO_SYNC_TRUNCATION 7
#define NO_SYNC_REFUSAL    8
#define NO_SYNC_DONE       9
#define NO_SETTLE          10
#define NO_SETTLE_FILE     11
/* ... a step that is taken too early ... */
#define CUT_BEFORE_SYNC    12
#define CUT_BEFORE_RECORD  13
#define EMPTY_BEFORE_CUT   14
#define EMPTY_BEFORE_SYNC  15
/* ... something that is not thought of ... */
#define FORGET_NEW         16 /* mail that came during the session */
#define FORGET_APPENDED    17 /* or before recovery */
#define NO_MARK            18 /* the size is to tell whether it was cut */
#define ONE_PLACE          19 /* for all records */
/* ... and what is assumed of the disk, left out. */
#define LATE_CUT           20 /* writes behind a truncation overtake it */
#define GROWS_FIRST        21 /* a size overtakes the bytes */
#define NEVER              255

#define CELLS (OLD + NEW)
#define NONE  255
#define TORN  254
#define MARK  100 /* + the plan's id */
#define MOVE  1 /* record_kind */
#define CUT   2
#define min(a, b) ((a) < (b) -> (a) : (b))
#define max(a, b) ((a) > (b) -> (a) : (b))
#define has(set, i) (((set) >> (i)) & 1)
#define bit(i) (1 << (i))

/* Set from the environment. */
byte mistake, updates, kills, crashes;

/* The mailbox: in the cache, and on disk. */
byte c[CELLS], d[CELLS];
byte size = OLD, disk_size = OLD;
byte cut = NONE; /* a truncation to there that is not on disk */

/* A record and its data; its digest is a copy of them. */
typedef record {
	byte seq; /* 0: none, or torn */
	byte id, kind, to, from, n, has_data;
	byte digest[ROOM];
	byte data[ROOM]
};

/* The journal: the plan's id, 0 if it is torn; and two places. */
record jc[2], jd[2];
byte plan, disk_plan;
bool is_open, disk_is_open; /* its size is not 0 */
bool emptied;               /* not on disk */
bool dirty[2];              /* the record; each data cell tells by itself */

/* What a plan holds; none of it changes once it is written. */
byte planned[PLANS + 1];    /* how many cells */
byte kept[PLANS + 1];       /* a set of cells */
byte room[PLANS + 1];       /* data_room */
typedef cells { byte at[CELLS] };
cells sample[PLANS + 1];

/* What is promised. Sets of messages. */
byte alive = bit(OLD + 1) - 2;
byte marked[PLANS + 1];
byte synced, may_lack;
byte appended;
bool told_ok;

bool locked, killed;
byte plans;

#define set_of_file(set) \
	for (i in c) { \
		if \
		:: i < size && c[i] <= CELLS -> set = set | bit(c[i]) \
		:: else \
		fi \
	}

inline copy(A, B)
{
	A.seq = B.seq; A.id = B.id; A.kind = B.kind; A.to = B.to;
	A.from = B.from; A.n = B.n; A.has_data = B.has_data;
	for (i : 0 .. ROOM - 1) { A.digest[i] = B.digest[i] }
}

inline clear(r)
{
	r.seq = 0; r.id = 0; r.kind = 0; r.to = 0; r.from = 0; r.n = 0;
	r.has_data = 0;
	for (i : 0 .. ROOM - 1) { r.digest[i] = 0; r.data[i] = 0 }
}

/* The truncation reaches the disk. */
inline flush_cut()
{
	if
	:: cut != NONE && cut < disk_size ->
		for (i : 0 .. CELLS - 1) {
			if
			:: i >= cut -> d[i] = 0
			:: else
			fi
		}
		disk_size = cut
	:: else
	fi;
	cut = NONE
}

/* fsync() of the mailbox, by whomever, but for that mistake. */
inline sync_file(unless_it_is)
{
	d_step {
		if
		:: mistake == unless_it_is
		:: else ->
			flush_cut();
			for (i in c) { d[i] = c[i] }
			disk_size = size;
			set_of_file(synced)
		fi;
		i = 0
	}
}

inline truncate_file(to)
{
	d_step {
		size = to;
		cut = to;
		for (i in c) {
			if
			:: i >= to -> c[i] = 0
			:: else
			fi
		}
		i = 0
	}
}

inline flush_emptied()
{
	if
	:: emptied ->
		clear(jd[0]);
		clear(jd[1]);
		disk_plan = 0;
		disk_is_open = false;
		emptied = false
	:: else
	fi
}

inline flush_record(p)
{
	copy(jd[p], jc[p]);
	dirty[p] = false
}

inline sync_journal(unless_it_is)
{
	d_step {
		if
		:: mistake == unless_it_is
		:: else ->
			flush_emptied();
			flush_record(0);
			flush_record(1);
			for (i : 0 .. ROOM - 1) {
				jd[0].data[i] = jc[0].data[i];
				jd[1].data[i] = jc[1].data[i]
			}
			disk_plan = plan;
			disk_is_open = is_open
		fi;
		i = 0
	}
}

inline empty_journal()
{
	d_step {
		clear(jc[0]);
		clear(jc[1]);
		plan = 0;
		is_open = false;
		dirty[0] = false;
		dirty[1] = false;
		emptied = true;
		i = 0
	}
}

/* ---- what else happens */

#define in_place(i) (i < disk_size && (i < cut || mistake == LATE_CUT))
#define dirty_cell(i) (c[i] != d[i] && in_place(i))
#define dirty_data(p, i) (!emptied && jc[p].data[i] != jd[p].data[i])

inline flush_file()
{
	if
	:: cut != NONE -> flush_cut()
	:: cut == NONE && disk_size < size ->
		if
		:: mistake == GROWS_FIRST -> d[disk_size] = 0
		:: else -> d[disk_size] = c[disk_size]
		fi;
		disk_size++
	:: dirty_cell(0) -> d[0] = c[0]
	:: dirty_cell(1) -> d[1] = c[1]
	:: dirty_cell(2) -> d[2] = c[2]
#if CELLS > 3
	:: dirty_cell(3) -> d[3] = c[3]
#endif
#if CELLS > 4
	:: dirty_cell(4) -> d[4] = c[4]
#endif
#if CELLS > 5
	:: dirty_cell(5) -> d[5] = c[5]
#endif
	fi
}

inline flush_journal()
{
	if
	:: emptied -> flush_emptied()
	:: !emptied && is_open && !disk_is_open -> disk_is_open = true
	:: !emptied && plan != disk_plan -> disk_plan = plan
	:: !emptied && dirty[0] -> flush_record(0)
	:: !emptied && dirty[1] -> flush_record(1)
	:: dirty_data(0, 0) -> jd[0].data[0] = jc[0].data[0]
	:: dirty_data(1, 0) -> jd[1].data[0] = jc[1].data[0]
#if ROOM > 1
	:: dirty_data(0, 1) -> jd[0].data[1] = jc[0].data[1]
	:: dirty_data(1, 1) -> jd[1].data[1] = jc[1].data[1]
#endif
#if ROOM > 2
	:: dirty_data(0, 2) -> jd[0].data[2] = jc[0].data[2]
	:: dirty_data(1, 2) -> jd[1].data[2] = jc[1].data[2]
#endif
	fi
}

/* What is being written may be torn. */
inline tear()
{
	for (i : 0 .. CELLS - 1) {
		if
		:: dirty_cell(i) -> d[i] = TORN
		:: true
		fi
	}
	if
	:: !emptied && plan != disk_plan -> disk_plan = 0
	:: true
	fi;
	for (p : 0 .. 1) {
		if
		:: !emptied && dirty[p] -> jd[p].seq = 0
		:: true
		fi;
		for (i : 0 .. ROOM - 1) {
			if
			:: dirty_data(p, i) -> jd[p].data[i] = TORN
			:: true
			fi
		}
	}
}

inline start_from_disk()
{
	if
	:: !disk_is_open -> disk_plan = 0; clear(jd[0]); clear(jd[1])
	:: else
	fi;
	for (i in c) {
		if
		:: i >= disk_size -> d[i] = 0
		:: else
		fi;
		c[i] = d[i]
	}
	size = disk_size;
	cut = NONE;
	copy(jc[0], jd[0]);
	copy(jc[1], jd[1]);
	for (i : 0 .. ROOM - 1) {
		jc[0].data[i] = jd[0].data[i];
		jc[1].data[i] = jd[1].data[i]
	}
	plan = disk_plan;
	is_open = disk_is_open;
	emptied = false;
	dirty[0] = false;
	dirty[1] = false
}

inline power_fails()
{
	tear();
	i = 0;
	d_step { start_from_disk() };
	may_lack = may_lack | (((bit(appended) - 1) << (OLD + 1)) & ~synced)
}

proctype world()
{
	byte i, p;

	do
	:: atomic { flush_file(); i = 0 }
	:: atomic { flush_journal(); i = 0 }
	:: atomic { kills > 0 ->
		kills--; locked = false; killed = true }
	:: atomic { crashes > 0 ->
		crashes--;
		power_fails();
		i = 0; p = 0; locked = false; killed = true }
	od
}

proctype agent()
{
	byte i;

	do
	:: atomic { appended < NEW && !locked ->
		appended++;
		c[size] = OLD + appended;
		size++;
		alive = alive | bit(OLD + appended);
		if
		:: sync_file(NEVER)
		:: true
		fi }
	:: appended == NEW -> break
	od
}

/* ---- pop3d */

/* The source goes on by one. */
inline advance(from, to)
{
	from++;
	to++;
	skip_deleted(from)
}

inline skip_deleted(from)
{
	do
	:: from < planned[id] && !has(kept[id], from) -> from++
	:: else -> break
	od
}

inline start_source()
{
	from = 0;
	to = 0;
	skip_deleted(from);
	do
	:: from == to && from < end -> advance(from, to)
	:: else -> break
	od
}

inline find_result()
{
	result = to + end - max(from, planned[id]);
	for (i : 0 .. CELLS - 1) {
		if
		:: i >= from && i < planned[id] && has(kept[id], i) -> result++
		:: else
		fi
	}
	i = 0
}

/* next_record(): into r. */
#define gap  (from - to)
#define left (result - to)
inline next_record()
{
	d_step {
		seq++;
		r.seq = seq;
		r.id = id;
		r.to = to;
		r.has_data = 0;
		if
		:: left > 0 -> r.kind = MOVE; r.from = from
		:: else -> r.kind = CUT; r.from = end
		fi;
		if
		:: left == 0 || gap >= left + 1 -> r.n = left
		:: !(left == 0 || gap >= left + 1) &&
		    gap >= room[id] && left > room[id] ->
			r.n = (gap < left -> gap : room[id])
		:: else ->
			r.has_data = 1;
			r.n = min(left, room[id])
		fi
	}
}

#define place(seq) (mistake == ONE_PLACE -> 0 : (seq) % 2)

/* save_data() and plan_write_record(), each call by itself. */
inline write_record()
{
	d_step {
		for (i : 0 .. ROOM - 1) { r.digest[i] = 0 }
		i = 0; s = from; t = to
	};
	do
	:: r.has_data && i < r.n ->
		d_step {
			r.digest[i] = c[s];
			jc[place(r.seq)].data[i] = c[s];
			advance(s, t);
			i++
		}
	:: else -> break
	od;
	i = 0;
	d_step {
		copy(jc[place(r.seq)], r);
		dirty[place(r.seq)] = true;
		i = 0; s = 0; t = 0
	}
}

/* apply(): the record's bytes to the file, and the mark behind the last. */
inline apply()
{
	done = 0;
	do
	:: done < r.n ->
		d_step {
			if
			:: r.has_data -> c[to] = jc[place(r.seq)].data[done]
			:: else -> c[to] = c[from]
			fi;
			advance(from, to);
			done++
		}
	:: else -> break
	od;
	done = 0;
	if
	:: to == result -> c[result] = MARK + id
	:: else
	fi
}

inline cut_file(if_it_is)
{
	if
	:: mistake == if_it_is && to == result -> truncate_file(result)
	:: else
	fi
}

inline clear_journal(if_it_is)
{
	if
	:: mistake == if_it_is ->
		empty_journal();
		sync_journal(NEVER)
	:: else
	fi
}

/* run(): until all is done. The journal's emptying is not synced: if it comes
 * back, find_mark() finds that the file was cut. */
inline go_on()
{
	do
	:: r.kind == MOVE ->
		apply();
		cut_file(CUT_BEFORE_SYNC);
		sync_file(NO_SYNC_STEP);
		cut_file(CUT_BEFORE_RECORD);
		next_record();
		write_record();
		sync_journal(NO_SYNC_RECORD)
	:: else -> break
	od;
	clear_journal(EMPTY_BEFORE_CUT);
	truncate_file(result);
	clear_journal(EMPTY_BEFORE_SYNC);
	sync_file(NO_SYNC_CUT);
	empty_journal()
}

/* Nothing moves: no journal. */
inline only_truncate()
{
	sync_journal(NO_SYNC_EMPTIED);
	truncate_file(result);
	sync_file(NO_SYNC_TRUNCATION);
	told_ok = true
}

/* Everything before the file is touched may fail: no room. */
inline refuse()
{
	empty_journal();
	sync_journal(NO_SYNC_REFUSAL);
	marked[id] = 0; /* -ERR */
	goto out
}

inline start_plan()
{
	d_step {
		end = (mistake == FORGET_NEW -> planned[id] : size);
		start_source();
		find_result();
		room[id] = min(left, ROOM)
	}
}

/* journal_rewrite() */
inline rewrite()
{
	if
	:: to == result -> only_truncate()
	:: else ->
		sync_file(NO_SYNC_FIRST);
		d_step {
			plan = id;
			is_open = true;
			for (i in c) {
				sample[id].at[i] = (i < planned[id] -> c[i] : 0)
			};
			i = 0
		};
		if
		:: refuse()
		:: true
		fi;
		next_record();
		write_record();
		if
		:: refuse()
		:: true
		fi;
		sync_journal(NO_SYNC_PLAN);
		go_on();
		told_ok = true
	fi
}

#define is_whole(p) (jc[p].seq > 0 && jc[p].id == plan && data_is_whole(p))
#if ROOM == 1
#define data_is_whole(p) (!jc[p].has_data || jc[p].digest[0] == jc[p].data[0])
#elif ROOM == 2
#define data_is_whole(p) (!jc[p].has_data || \
	(jc[p].digest[0] == jc[p].data[0] && \
	(jc[p].n < 2 || jc[p].digest[1] == jc[p].data[1])))
#else
#define data_is_whole(p) (!jc[p].has_data || \
	(jc[p].digest[0] == jc[p].data[0] && \
	(jc[p].n < 2 || jc[p].digest[1] == jc[p].data[1]) && \
	(jc[p].n < 3 || jc[p].digest[2] == jc[p].data[2])))
#endif

/* plan_read() and plan_last_record(): r.seq is 0 if there is none. */
inline last_record()
{
	d_step {
		clear(r);
		if
		:: plan > 0 && is_whole(0) -> copy(r, jc[0])
		:: else
		fi;
		if
		:: plan > 0 && is_whole(1) && jc[1].seq > r.seq -> copy(r, jc[1])
		:: else
		fi;
		i = 0
	}
}

/* resume(): is_foreign if it cannot be this file's. */
inline resume()
{
	d_step {
		id = plan;
		from = r.from;
		to = r.to;
		seq = r.seq;
		end = (mistake == FORGET_APPENDED && r.kind == CUT ->
		    r.from : size);
		if
		:: end < planned[id] || end < from -> is_foreign = true
		:: else -> find_result()
		fi;
		if
		:: is_foreign
		:: else -> is_foreign = (r.n > left || end == result)
		fi;
		if
		:: is_foreign || r.kind == CUT
		:: else -> /* plan_is_true() */
			for (i in c) {
				if
				:: i > r.to + r.n && i < planned[id] &&
				    c[i] != sample[id].at[i] ->
					is_foreign = true
				:: else
				fi
			}
		fi;
		i = 0
	}
}

/* end_rewrite(): find_mark() says whether the file was cut. */
#define was_cut (mistake == NO_MARK -> size < r.from : \
	r.to >= size || c[r.to] != MARK + plan)
inline end_rewrite()
{
	if
	:: r.kind == CUT && was_cut ->
		sync_file(NO_SYNC_DONE);
		empty_journal();
		sync_journal(NEVER)
	:: else ->
		resume();
		if
		:: is_foreign -> /* the monitor puts it aside */
			empty_journal();
			sync_journal(NEVER)
		:: else ->
			/* settle() */
			sync_file(NO_SETTLE_FILE);
			sync_journal(NO_SETTLE);
			if
			:: r.kind == CUT ->
				next_record();
				write_record();
				sync_journal(NO_SYNC_RECORD)
			:: else
			fi;
			go_on()
		fi
	fi
}

/* journal_recover() */
inline recover()
{
	last_record();
	if
	:: r.seq == 0 -> /* the update had not begun */
		empty_journal();
		sync_journal(NO_SYNC_REFUSAL)
	:: else -> end_rewrite()
	fi
}

/*
 * What is promised holds, and is from now on all that may be there. But if
 * nobody was told either way, the marked ones may still come back, all of
 * them, while their truncation is not on disk, or go, while the journal's
 * emptying is not.
 */
#define alone(i) (marked[i] & ~(i < plans -> marked[plans] : 0))
inline look()
{
	d_step {
		s = 0; /* the messages that are there */
		t = 0; /* how many of the file's cells were found */
		for (i : 1 .. CELLS) {
			if
			:: has(alive, i) && t < size && c[t] == i ->
				s = s | bit(i);
				t++
			:: else
			fi
		}
		assert(t == size); /* nothing else, nothing twice */
		t = alive & ~s & ~may_lack;
		for (i : 1 .. PLANS) {
			marked[i] = marked[i] & alive;
			assert((s & alone(i)) == 0 || (t & alone(i)) == 0);
			assert(!told_ok || i != plans || (s & marked[i]) == 0);
			t = t & ~marked[i];
			if
			:: (s & marked[i]) == 0 && cut != NONE && !told_ok ->
				s = s | marked[i]
			:: (s & marked[i]) != 0 && emptied
			:: else ->
				marked[i] = 0
			fi
		}
		assert(t == 0); /* nothing else lacks */
		alive = alive & s;
		told_ok = false;
		i = 0; s = 0; t = 0
	}
}

/* The client marks any messages but none. */
inline choose()
{
	atomic {
		plans++;
		id = plans;
		planned[id] = size;
		kept[id] = 0;
		i = 0;
		do
		:: i < size -> kept[id] = kept[id] | bit(i); i++
		:: i < size -> marked[id] = marked[id] | bit(c[i]); i++
		:: i >= size -> break
		od;
		i = 0
	}
}

proctype pop3d()
{
	byte i, s, t, done, id, from, to, result, end, seq;
	record r;
	bool is_foreign;

	do
	:: {
		/* maildrop_begin() */
		locked = true;
		if
		:: is_open -> recover()
		:: else
		fi;
		look();
		if
		:: plans < updates && size > 0 ->
			choose();
			locked = false;
			/* maildrop_update() */
			locked = true;
			if
			:: marked[id] != 0 -> start_plan(); rewrite()
			:: else
			fi
		:: else
		fi;
out:		locked = false
	} unless {
		atomic { killed -> killed = false }
	};
		/* The process is gone. */
		d_step {
			clear(r);
			i = 0; s = 0; t = 0; done = 0; id = 0; from = 0; to = 0;
			result = 0; end = 0; seq = 0; is_foreign = false
		}
	od
}

init {
	byte i;

	atomic {
		c_code {
			now.mistake = atoi(getenv("MISTAKE"));
			now.updates = atoi(getenv("UPDATES"));
			now.kills = atoi(getenv("KILLS"));
			now.crashes = atoi(getenv("CRASHES"));
		};
		for (i : 0 .. OLD - 1) {
			c[i] = i + 1;
			d[i] = c[i]
		}
		i = 0;
		run world();
		run agent();
		run pop3d()
	}
}
