/* Simplex as the package docstring of `consensus` states it, as an executable model: rules R1 to R9, R11 and R12 as far as a
 * certificate that anybody holds may reach anybody, one epoch. Four validators, q = 3: three honest ones, and one that is bound by
 * nothing. README.md says how it is run and what came of it.
 *
 * The network. A vote, once cast, is out for ever: whoever lacks a certificate may take it from what is out at any time, or never.
 * So messages are lost, delayed, doubled and reordered without bound, and a crash is no event at all, for votes are durable.
 * The Byzantine validator's votes need no variable: any of them may be added to any certificate (`+ 1` below), and left out of
 * any. As a leader it proposes up to two blocks on whatever it likes; what gets no honest vote is not worth a state.
 * Timeouts come whenever they like. A node does what it may do at any later time, or never ("not yet" has no bound).
 *
 * Blocks are numbered: 0 is genesis, 2(v-1)+k the k-th one of view v, k = 1, 2. An honest leader makes one, k = 1.
 *
 * Each check of a correct validator can be taken away by a switch (NO_...); `tests/model/checks.py` says what breaks then.
 *
 * Printed with TRACE: a step, the validator, view, k and parent it is about, and that validator's view and final block after it.
 */
#ifndef VIEWS
#define VIEWS 2
#endif
#ifndef SHIFT
#define SHIFT 2             /* validator (v + SHIFT) % 4 leads view v; validator 3 is the Byzantine one */
#endif
#define HONEST 3
#define CELLS (HONEST * VIEWS)
#define BLOCKS (2 * VIEWS + 1)

#ifdef BYZANTINE_LEADS      /* every view: worse than any rotation */
#define LEADER(v) 3
#else
#define LEADER(v) (((v) + SHIFT) % 4)
#endif

#define AT(i, v) ((i) * VIEWS + (v) - 1)
#define BLOCK(v, k) (2 * ((v) - 1) + (k))
#define VIEW(b) (((b) + 1) / 2)
#define VARIANT(b) ((b) - 2 * (VIEW(b) - 1))

/* What is durable, by honest validator and view: own votes (0, or k; a nullify 1), certificates held (likewise). */
byte notarized[CELLS], nullified[CELLS], finalized[CELLS];
byte notar[CELLS], nullc[CELLS], final[CELLS];
byte parent[BLOCKS];        /* of a proposed block: 1 + its parent's number; 0: nobody has proposed it */

/* These follow from the above. */
byte view[HONEST] = 1;      /* R1: one above the highest certificate */
byte floor[HONEST];         /* the block of the highest FINAL held */
short here[HONEST];         /* bit b: block b and its ancestors are here, for this validator has voted for b or a descendant */

#if VIEWS == 2
#define ANY(F, i) (F(i, 1) || F(i, 2))
#define ALL(F, i, v, p) (F(i, 1, v, p) && F(i, 2, v, p))
#define EACH_VIEW(F, i) F(i, 1) F(i, 2)
#define EACH_PARENT(F, i) F(i, 0) F(i, 1) F(i, 2)
#define ANY_PARENT(F, i, v) (F(i, v, 0) || F(i, v, 1) || F(i, v, 2))
#elif VIEWS == 3
#define ANY(F, i) (F(i, 1) || F(i, 2) || F(i, 3))
#define ALL(F, i, v, p) (F(i, 1, v, p) && F(i, 2, v, p) && F(i, 3, v, p))
#define EACH_VIEW(F, i) F(i, 1) F(i, 2) F(i, 3)
#define EACH_PARENT(F, i) F(i, 0) F(i, 1) F(i, 2) F(i, 3) F(i, 4)
#define ANY_PARENT(F, i, v) (F(i, v, 0) || F(i, v, 1) || F(i, v, 2) || F(i, v, 3) || F(i, v, 4))
#else
#define ANY(F, i) (F(i, 1) || F(i, 2) || F(i, 3) || F(i, 4))
#define ALL(F, i, v, p) (F(i, 1, v, p) && F(i, 2, v, p) && F(i, 3, v, p) && F(i, 4, v, p))
#define EACH_VIEW(F, i) F(i, 1) F(i, 2) F(i, 3) F(i, 4)
#define EACH_PARENT(F, i) F(i, 0) F(i, 1) F(i, 2) F(i, 3) F(i, 4) F(i, 5) F(i, 6)
#define ANY_PARENT(F, i, v) (F(i, v, 0) || F(i, v, 1) || F(i, v, 2) || F(i, v, 3) || F(i, v, 4) || F(i, v, 5) || F(i, v, 6))
#endif

/* --- certificates -------------------------------------------------------------------------------------------------------- */

#ifdef NO_QUORUM_NOTAR
#define Q_NOTAR 2
#else
#define Q_NOTAR 3
#endif
#ifdef NO_QUORUM_NULL
#define Q_NULL 2
#else
#define Q_NULL 3
#endif
#ifdef NO_QUORUM_FINAL
#define Q_FINAL 2
#else
#define Q_FINAL 3
#endif

#define COUNT(what, v, k) ((what[AT(0, v)] == (k)) + (what[AT(1, v)] == (k)) + (what[AT(2, v)] == (k)))

/* Whether the votes that are out make one, with the Byzantine validator's; and whether it is there without that. */
#define NOTAR(v, k) (COUNT(notarized, v, k) + 1 >= Q_NOTAR)
#define NULL(v) (COUNT(nullified, v, 1) + 1 >= Q_NULL)
#define FINAL(v, k) (COUNT(finalized, v, k) + 1 >= Q_FINAL)
#ifdef NO_FORWARD           /* R5, R7, R8, R11: who holds a certificate does not pass it on */
#define SURE_NOTAR(v, k) (COUNT(notarized, v, k) >= Q_NOTAR)
#define SURE_NULL(v) (COUNT(nullified, v, 1) >= Q_NULL)
#define SURE_FINAL(v, k) (COUNT(finalized, v, k) >= Q_FINAL)
#else
#define SURE_NOTAR(v, k) (COUNT(notarized, v, k) >= Q_NOTAR || COUNT(notar, v, k))
#define SURE_NULL(v) (COUNT(nullified, v, 1) >= Q_NULL || COUNT(nullc, v, 1))
#define SURE_FINAL(v, k) (COUNT(finalized, v, k) >= Q_FINAL || COUNT(final, v, k))
#endif

/* --- what a correct node may do (R1 to R9) ------------------------------------------------------------------------------- */

#ifdef NO_LATE              /* P8, P10: certificates of views already left are not taken */
#define WANTS(i, v) ((v) >= view[i])
#else
#define WANTS(i, v) ((v) > VIEW(floor[i]))
#endif
#if defined(PROGRESS) || defined(TRACE)
#define NOTHING_AFTER(v) false
#else                       /* NULL and FINAL of the last view only end things: no bad outcome needs them */
#define NOTHING_AFTER(v) ((v) == VIEWS)
#endif
#define NEEDS_NOTAR(i, v) (WANTS(i, v) && !notar[AT(i, v)])
#define NEEDS_NULL(i, v) (WANTS(i, v) && !nullc[AT(i, v)] && !NOTHING_AFTER(v))
#define NEEDS_FINAL(i, v) ((v) > VIEW(floor[i]) && !NOTHING_AFTER(v))

/* parent_ok: block p, in the eyes of i, as the parent of one of view v. */
#ifdef NO_PARENT_GAP
#define NO_GAP(i, u, v, p) true
#else
#define NO_GAP(i, u, v, p) ((u) <= VIEW(p) || (u) >= (v) || nullc[AT(i, u)])
#endif
#ifdef NO_PARENT_NOTAR
#define IS_PARENT(i, p) true
#elif defined(NO_PARENT_DIGEST)
#define IS_PARENT(i, p) (VIEW(p) == VIEW(floor[i]) || (VIEW(p) > VIEW(floor[i]) && notar[AT(i, VIEW(p))]))
#else
#define IS_PARENT(i, p) ((p) == floor[i] || (VIEW(p) > VIEW(floor[i]) && notar[AT(i, VIEW(p))] == VARIANT(p)))
#endif
#define PARENT_OK(i, v, p) (VIEW(p) < (v) && IS_PARENT(i, p) && ALL(NO_GAP, i, v, p))

/* R3: the highest one whose ancestors are here. */
#define IS_HERE(i, b) ((here[i] >> (b)) & 1)
#define NOT_HIGHER(i, u, v, p) ((u) <= VIEW(p) || (u) >= (v) || !notar[AT(i, u)] || !IS_HERE(i, BLOCK(u, notar[AT(i, u)])))
#define LEADS_ON(i, v, p) (PARENT_OK(i, v, p) && ALL(NOT_HIGHER, i, v, p))

#ifdef NO_ONE_NOTARIZE
#define UNSIGNED(i, v) (!nullified[AT(i, v)])
#elif defined(NO_NOTARIZE_NULLIFIED)
#define UNSIGNED(i, v) (!notarized[AT(i, v)])
#else
#define UNSIGNED(i, v) (!notarized[AT(i, v)] && !nullified[AT(i, v)])
#endif
#define MAY_LEAD(i, v) (LEADER(v) == (i) && view[i] == (v) && !notarized[AT(i, v)] && UNSIGNED(i, v) && !parent[BLOCK(v, 1)])
#define MAY_NOTARIZE(i, v, k) (view[i] == (v) && parent[BLOCK(v, k)] && notarized[AT(i, v)] != (k) && UNSIGNED(i, v) \
	&& PARENT_OK(i, v, parent[BLOCK(v, k)] - 1))

#ifdef NO_FINALIZE_NOTARIZED
#define FINALIZES(i, v, k) (notarized[AT(i, v)] == (k))
#else
#define FINALIZES(i, v, k) (notar[AT(i, v)] == (k))
#endif
#ifdef NO_FINALIZE_NULLIFIED
#define KEPT(i, v) true
#else
#define KEPT(i, v) (!nullified[AT(i, v)])
#endif
#define MAY_FINALIZE(i, v, k) (FINALIZES(i, v, k) && KEPT(i, v) && !finalized[AT(i, v)] && (v) > VIEW(floor[i]))

#ifdef NO_NULLIFY_FINALIZED
#define TIMES_OUT(i, v) (view[i] >= (v))
#elif defined(NO_TIMEOUT)
#define TIMES_OUT(i, v) false
#elif defined(NO_NULLIFY_NOTARIZED)
#define TIMES_OUT(i, v) (view[i] == (v) && !notarized[AT(i, v)])
#else
#define TIMES_OUT(i, v) (view[i] == (v) && !finalized[AT(i, v)])
#endif
#ifdef CALM
#define IN_TIME(v) ((v) >= 2 && LEADER(v) != 3)
#else
#define IN_TIME(v) false
#endif
#define MAY_NULLIFY(i, v) (TIMES_OUT(i, v) && !nullified[AT(i, v)] && !IN_TIME(v))

hidden byte u, w, b, c, t, j;
hidden byte second_notarize, notarize_after_nullify, nullify_and_finalize, finalize_of_unnotarized;
hidden byte two_notarizations, nullified_and_final, final_of_unnotarized, unnotarized_parent, gap_not_nullified, forked;
hidden byte stuck, not_final;

/* --- what must hold ------------------------------------------------------------------------------------------------------ */

#ifdef ONLY_FORK            /* what of all this a missing check leads to in the end */
#define RULE(broken) skip
#else
#define RULE(broken) assert(!broken)
#endif

/* Vote rules, judged when a vote is cast, whatever the guard was. */
inline notarize_rules(i, v)
{
	second_notarize = notarized[AT(i, v)] != 0;
	RULE(second_notarize);
	notarize_after_nullify = nullified[AT(i, v)] != 0;
	RULE(notarize_after_nullify)
}

inline finalize_rules(i, v, k)
{
	nullify_and_finalize = nullified[AT(i, v)] != 0;
	RULE(nullify_and_finalize);
	finalize_of_unnotarized = !NOTAR(v, k);
	RULE(finalize_of_unnotarized)
}

inline nullify_rules(i, v)
{
	nullify_and_finalize = finalized[AT(i, v)] != 0;
	RULE(nullify_and_finalize)
}

/* Outcomes: of every certificate that could be made of the votes that are out. */
inline outcomes()
{
	u = 1;
	do
	:: u <= VIEWS ->
		two_notarizations = NOTAR(u, 1) && NOTAR(u, 2);
		RULE(two_notarizations);
		nullified_and_final = NULL(u) && (FINAL(u, 1) || FINAL(u, 2));
		RULE(nullified_and_final);
		w = 1;
		do
		:: w <= 2 ->
			b = BLOCK(u, w);
			if
			:: COUNT(notarized, u, w) -> parents()
			:: else
			fi;
			if
			:: FINAL(u, w) ->
				final_of_unnotarized = !NOTAR(u, w);
				RULE(final_of_unnotarized);
				ancestors()
			:: else
			fi;
			w++
		:: else -> break
		od;
		u++
	:: else -> break
	od
}

/* Block b, of view u, has an honest vote: it stands on a notarized block, and all views between are nullified. */
inline parents()
{
	c = parent[b] - 1;
	unnotarized_parent = c != 0 && !NOTAR(VIEW(c), VARIANT(c));
	RULE(unnotarized_parent);
	t = VIEW(c) + 1;
	do
	:: t < u ->
		gap_not_nullified = !NULL(t);
		RULE(gap_not_nullified);
		t++
	:: else -> break
	od
}

/* Block b, of view u, can be final: so is nothing below it but its ancestors. */
inline ancestors()
{
	forked = FINAL(u, 3 - w);
	assert(!forked);
	c = b;
	do
	:: c != 0 && parent[c] != 0 ->
		t = VIEW(parent[c] - 1) + 1;
		do
		:: t < VIEW(c) ->
			forked = FINAL(t, 1) || FINAL(t, 2);
			assert(!forked);
			t++
		:: else -> break
		od;
		c = parent[c] - 1;
		forked = c != 0 && FINAL(VIEW(c), 3 - VARIANT(c));
		assert(!forked)
	:: else -> break
	od
}

/* Progress: while somebody is still in one of the views, an honest validator can do something without the Byzantine one. All
 * they do only adds, and there is a bounded number of things to add, so each fair run leaves every view. CALM says more: if
 * timeouts no longer strike honest leaders from view 2 on, the block of each such view becomes final at every node.
 */
#define LEARNS(i, v) ((NEEDS_NOTAR(i, v) && (SURE_NOTAR(v, 1) || SURE_NOTAR(v, 2))) || (NEEDS_NULL(i, v) && SURE_NULL(v)) \
	|| (NEEDS_FINAL(i, v) && (SURE_FINAL(v, 1) || SURE_FINAL(v, 2))))
#define LEADS(i, v) (MAY_LEAD(i, v) && ANY_PARENT(PARENT_OK, i, v))
#define ACTS(i, v) (LEADS(i, v) || MAY_NOTARIZE(i, v, 1) || MAY_NOTARIZE(i, v, 2) || MAY_NULLIFY(i, v) \
	|| MAY_FINALIZE(i, v, 1) || MAY_FINALIZE(i, v, 2))
#define ABLE(i, v) (LEARNS(i, v) || ACTS(i, v))
#define BEHIND(i, v) (view[i] == (v) || (IN_TIME(v) && VIEW(floor[i]) < (v)))

inline progress()
{
#ifdef PROGRESS
	stuck = (ANY(BEHIND, 0) || ANY(BEHIND, 1) || ANY(BEHIND, 2)) && !(ANY(ABLE, 0) || ANY(ABLE, 1) || ANY(ABLE, 2));
	assert(!stuck)
#else
	skip
#endif
}

/* --- steps --------------------------------------------------------------------------------------------------------------- */

#ifdef TRACE
#define TOLD(step, i, v, k, p) printf(step, i, v, k, p, view[i], floor[i])
#else
#define TOLD(step, i, v, k, p) skip
#endif

/* Who votes for a block has it and its ancestors. */
inline fetch(i, at)
{
	c = at;
	do
	:: c != 0 && parent[c] != 0 -> here[i] = here[i] | (1 << c); c = parent[c] - 1
	:: else -> break
	od;
	c = 0
}

inline enter(i, v)
{
	if
	:: v >= view[i] -> view[i] = v + 1
	:: else
	fi
}

#define LEARN(i, v) LEARN_NOTAR(i, v, 1) LEARN_NOTAR(i, v, 2) LEARN_NULL(i, v) LEARN_FINAL(i, v, 1) LEARN_FINAL(i, v, 2)

#define LEARN_NOTAR(i, v, k) :: d_step { NEEDS_NOTAR(i, v) && NOTAR(v, k) -> /* R1, R5 */ \
	notar[AT(i, v)] = k; enter(i, v); TOLD("notar %d %d %d %d -> %d %d\n", i, v, k, 0); progress() }

#define LEARN_NULL(i, v) :: d_step { NEEDS_NULL(i, v) && NULL(v) -> /* R1, R7 */ \
	nullc[AT(i, v)] = 1; enter(i, v); TOLD("null %d %d %d %d -> %d %d\n", i, v, 0, 0); progress() }

#define LEARN_FINAL(i, v, k) :: d_step { NEEDS_FINAL(i, v) && FINAL(v, k) -> /* R1, R8, R12 */ \
	final[AT(i, v)] = k; floor[i] = BLOCK(v, k); enter(i, v); TOLD("final %d %d %d %d -> %d %d\n", i, v, k, 0); progress() }

#define LEAD(i, p) :: d_step { view[i] <= VIEWS && MAY_LEAD(i, view[i]) && LEADS_ON(i, view[i], p) -> /* R3 */ \
	notarize_rules(i, view[i]); parent[BLOCK(view[i], 1)] = p + 1; notarized[AT(i, view[i])] = 1; \
	fetch(i, BLOCK(view[i], 1)); outcomes(); TOLD("lead %d %d %d %d -> %d %d\n", i, view[i], 1, p); progress() }

#define NOTARIZE(i, v, k) :: d_step { MAY_NOTARIZE(i, v, k) -> /* R4 */ \
	notarize_rules(i, v); notarized[AT(i, v)] = k; \
	fetch(i, BLOCK(v, k)); outcomes(); TOLD("notarize %d %d %d %d -> %d %d\n", i, v, k, parent[BLOCK(v, k)] - 1); progress() }

/* A Byzantine leader's block: it exists from the first vote for it on; what gets none changes nothing. */
#define DECEIVED(i, p) DECEIVED_BY(i, 1, p) DECEIVED_BY(i, 2, p)
#define DECEIVED_BY(i, k, p) :: d_step { view[i] <= VIEWS && LEADER(view[i]) == 3 && !parent[BLOCK(view[i], k)] \
	&& (k == 1 || parent[BLOCK(view[i], 1)]) && UNSIGNED(i, view[i]) && PARENT_OK(i, view[i], p) -> /* R4 */ \
	notarize_rules(i, view[i]); parent[BLOCK(view[i], k)] = p + 1; notarized[AT(i, view[i])] = k; \
	fetch(i, BLOCK(view[i], k)); outcomes(); TOLD("notarize %d %d %d %d -> %d %d\n", i, view[i], k, p); progress() }

#define NULLIFY(i, v) :: d_step { MAY_NULLIFY(i, v) -> /* R6 */ \
	nullify_rules(i, v); nullified[AT(i, v)] = 1; outcomes(); TOLD("nullify %d %d %d %d -> %d %d\n", i, v, 0, 0); progress() }

#define FINALIZE(i, v, k) :: d_step { MAY_FINALIZE(i, v, k) -> /* R5, R9 */ \
	finalize_rules(i, v, k); finalized[AT(i, v)] = k; \
	fetch(i, BLOCK(v, k)); outcomes(); TOLD("finalize %d %d %d %d -> %d %d\n", i, v, k, 0); progress() }

#define VOTE(i, v) NOTARIZE(i, v, 1) NOTARIZE(i, v, 2) NULLIFY(i, v) FINALIZE(i, v, 1) FINALIZE(i, v, 2)

proctype honest(byte i)
{
end:	do
	EACH_PARENT(LEAD, i)
	EACH_PARENT(DECEIVED, i)
	EACH_VIEW(VOTE, i)
	EACH_VIEW(LEARN, i)
	od
}

#ifdef TRACE
inline again()
{
	d_step {
		u = 0;
		do
		:: u < CELLS ->
			notarized[u] = 0; nullified[u] = 0; finalized[u] = 0; notar[u] = 0; nullc[u] = 0; final[u] = 0; u++
		:: else -> break
		od;
		u = 0;
		do
		:: u < BLOCKS -> parent[u] = 0; u++
		:: else -> break
		od;
		u = 0;
		do
		:: u < HONEST -> view[u] = 1; floor[u] = 0; here[u] = 0; u++
		:: else -> break
		od;
		printf("RUN %d %d\n", VIEWS, SHIFT)
	}
}
#endif

init
{
	atomic {
#ifdef TRACE
		printf("RUN %d %d\n", VIEWS, SHIFT);
#endif
		run honest(0); run honest(1); run honest(2)
	}
#ifdef TRACE                /* once nothing is left to do, or after so many steps, another run */
	do
	:: timeout -> again()
	od
#endif
}
