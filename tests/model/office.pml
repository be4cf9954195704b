/* The trial office as processes that interleave in every possible way.

   Clients, one for each patient, ask with a key of their own and ask again with it until they hear an answer, and once
   more for nothing. Two servers share one database. A request ends with its answer, or with nothing: the server may die
   before or after its commit, or the answer is lost on the way. Once, an older backup is restored (with the servers
   stopped, as a restore is done), and what is missing may be put back from the mirror at any time after.

   LOCKED is the office as it is: the log is held from reading the next position to the commit. Without it, servers read,
   decide and write as a plain program would. GUARDED is the generation guard: the mirror, written after each commit and
   before any answer, knows what there must be, and a database that holds less gives nothing.

   spin -run -DLOCKED -DGUARDED office.pml    no error
   spin -run -DGUARDED office.pml             assertion violated: two patients are told one position
   spin -run -DLOCKED office.pml              assertion violated: the same, after the restore */

#ifndef CLIENTS
#define CLIENTS 3
#endif
#define NONE 255
#define NOTHING 254

byte place[CLIENTS] = NONE;     /* database: position by key */
byte count = 0;
byte saved[CLIENTS] = NONE;     /* backup of both */
byte saved_count = 0;
byte mirrored[CLIENTS] = NONE;  /* mirror of both */
byte mirrored_count = 0;
byte heard[CLIENTS] = NONE;     /* what each client was told */
bool held = false;              /* the log, by a server's transaction */
byte busy = 0;                  /* servers at work on a request */

chan ask = [0] of { byte };
chan answer[CLIENTS] = [0] of { byte };

proctype Client(byte k) {
  byte told, i, times = 0;
  do
  :: times < 2 ->
     ask ! k;
     answer[k] ? told;
     if
     :: told == NOTHING -> skip
     :: else ->
        d_step {
          assert(heard[k] == NONE || heard[k] == told);   /* the same answer for ever */
          i = 0;
          do
          :: i < CLIENTS -> assert(i == k || heard[i] != told); i++   /* nobody else was told it */
          :: else -> break
          od;
          heard[k] = told;
          i = 0;
          times++
        }
     fi
  :: else -> break
  od
}

proctype Server() {
  byte k, next;
  bool again;
end:
  do
  :: atomic { ask ? k -> busy++ };
#ifdef LOCKED
     atomic { !held -> held = true };
#endif
     d_step { again = (place[k] != NONE); next = (again -> place[k] : count) };
     if
#ifdef GUARDED
     :: count < mirrored_count -> next = NOTHING          /* an older state: nothing is given */
     :: count >= mirrored_count && again -> skip
     :: count >= mirrored_count && !again ->
#else
     :: again -> skip
     :: !again ->
#endif
        if
        :: next = NOTHING                                 /* dies before the commit */
        :: d_step { place[k] = next; count = next + 1 }   /* commits */
        fi
     fi;
#ifdef LOCKED
     held = false;
#endif
     if
     :: next != NOTHING ->
        d_step {
          mirrored[k] = next;
          mirrored_count = (next + 1 > mirrored_count -> next + 1 : mirrored_count)
        };
        if
        :: answer[k] ! next
        :: answer[k] ! NOTHING                            /* dies after the commit, or the answer is lost */
        fi
     :: else -> answer[k] ! NOTHING
     fi;
     d_step { busy--; next = 0; again = false; k = 0 }
  od
}

inline copy(target, target_count, source, source_count) {
  d_step {
    j = 0;
    do
    :: j < CLIENTS -> target = source; j++
    :: else -> break
    od;
    j = 0;
    target_count = source_count
  }
}

proctype Disaster() {
  byte j;
  copy(saved[j], saved_count, place[j], count);
  atomic { busy == 0 -> copy(place[j], count, saved[j], saved_count) };
#ifdef GUARDED
  atomic { busy == 0 -> copy(place[j], count, mirrored[j], mirrored_count) }
#endif
}

init {
  byte n = 0;
  atomic {
    do
    :: n < CLIENTS -> run Client(n); n++
    :: else -> break
    od;
    run Server();
    run Server();
    run Disaster()
  }
}
