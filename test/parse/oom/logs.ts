/** Reports as mm/oom_kill.c and mm/show_mem.c print them; the processes and figures are ours. */

/** Of the whole machine, Linux 6.x. */
export const MACHINE = `kioskd invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0
CPU: 1 UID: 0 PID: 901 Comm: kioskd Not tainted 6.12.0 #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x5d/0x80
 </TASK>
Mem-Info:
active_anon:1000 inactive_anon:200000 isolated_anon:0
 active_file:500 inactive_file:700 isolated_file:0
 unevictable:100 dirty:3 writeback:0
 slab_reclaimable:4000 slab_unreclaimable:9000
 mapped:1200 shmem:900 pagetables:1500
 sec_pagetables:0 bounce:0
 kernel_misc_reclaimable:0
 free:2500 free_pcp:60 free_cma:0
Node 0 active_anon:4000kB inactive_anon:800000kB active_file:2000kB inactive_file:2800kB unevictable:400kB isolated(anon):0kB
Node 0 DMA free:4096kB boost:0kB min:700kB low:800kB high:900kB present:15992kB managed:15360kB mlocked:0kB
lowmem_reserve[]: 0 900 900 900 900
Node 0 DMA: 0*4kB 0*8kB 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 1*4096kB (M) = 4096kB
Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB
2100 total pagecache pages
0 pages in swap cache
Free swap  = 12kB
Total swap = 524284kB
262144 pages RAM
0 pages HighMem/MovableOnly
14000 pages reserved
0 pages hwpoisoned
Unreclaimable slab info:
Name                      Used          Total
kmalloc-64               512KB        512KB
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name
[    310]     0   310     8000      900      500      400         0    81920      100         -1000 systemd-udevd
[    901]   998   901   300000   190000   189000     1000         0  1646592     9000             0 kioskd
[    955]   998   955    20000     3000     2900      100         0   131072      500           200 kiosk helper
oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/kiosk.service,task=kioskd,pid=901,uid=998
Out of memory: Killed process 901 (kioskd) total-vm:1200000kB, anon-rss:756000kB, file-rss:4000kB, shmem-rss:0kB, UID:998 pgtables:1608kB oom_score_adj:0
oom_reaper: reaped process 901 (kioskd), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB
`;

/** Of a cgroup, Linux 3.10 of Red Hat: one line of counters, page tables in pages, the score. */
export const OLD_CGROUP = `kioskd invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0
kioskd cpuset=/ mems_allowed=0-1
Task in /kiosk/inner killed as a result of limit of /kiosk
memory: usage 10240kB, limit 10240kB, failcnt 77
memory+swap: usage 10240kB, limit 9007199254740988kB, failcnt 0
kmem: usage 0kB, limit 9007199254740988kB, failcnt 0
Memory cgroup stats for /kiosk: cache:0KB rss:0KB rss_huge:0KB mapped_file:0KB swap:0KB
Memory cgroup stats for /kiosk/inner: cache:140KB rss:10100KB rss_huge:0KB mapped_file:40KB swap:0KB
[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name
[ 4242]   100  4242    12000     2600       30        0             0 kioskd
[ 4250]   100  4250     9000      500       20        0             0 kioskd
Memory cgroup out of memory: Kill process 4242 (kioskd) score 1003 or sacrifice child
Killed process 4250 (kioskd), UID 100, total-vm:36000kB, anon-rss:1900kB, file-rss:100kB, shmem-rss:0kB
`;

/** Of a cgroup of version 2 whose processes are killed together. */
export const GROUP = `worker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=3, oom_score_adj=0
memory: usage 65536kB, limit 65536kB, failcnt 12
swap: usage 1024kB, limit 1024kB, failcnt 5
Memory cgroup stats for /pods/kiosk:
anon 50331648
file 8388608
kernel 4194304
kernel_stack 65536
pagetables 262144
sec_pagetables 0
shmem 4194304
file_mapped 1048576
slab 1048576
pgfault 123456
workingset_refault_anon 12
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name
[    701]  1000   701    30000    10000     9000      500       500   163840      100             0 worker
[    702]  1000   702    20000     3000     2500      500         0   122880        0             0 a (worker) too
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=kiosk,mems_allowed=0,oom_memcg=/pods/kiosk,task_memcg=/pods/kiosk/a,task=worker,pid=701,uid=1000
Memory cgroup out of memory: Killed process 701 (worker) total-vm:120000kB, anon-rss:36000kB, file-rss:2000kB, shmem-rss:2000kB, UID:1000 pgtables:160kB oom_score_adj:0
Tasks in /pods/kiosk are going to be killed due to memory.oom.group set
Memory cgroup out of memory: Killed process 702 (a (worker) too) total-vm:80000kB, anon-rss:10000kB, file-rss:2000kB, shmem-rss:0kB, UID:1000 pgtables:120kB oom_score_adj:0
`;

/** Pages of 64 KiB, and nobody who may be killed. */
export const NOBODY = `init invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
Mem-Info:
active_anon:10 inactive_anon:20 isolated_anon:0
Node 0 Normal: 3*64kB (U) 0*128kB = 192kB
4096 pages RAM
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[      7]     0     7       40       30    65536        0         -1000 init
Out of memory and no killable processes...
`;

/** What logs put before each line. */
export const PREFIXES: Readonly<Record<string, (index: number) => string>> = {
  nothing: () => '',
  dmesg: (index) => `[${(1200 + index / 1000).toFixed(6).padStart(12)}] `,
  'dmesg with callers': (index) => `[${(1200 + index / 1000).toFixed(6).padStart(12)}][ T${900 + (index % 2)}] `,
  'dmesg -T': () => '[Thu Nov 26 05:03:01 2026] ',
  'dmesg -x': (index) => `kern  :warn  : [${(1200 + index / 1000).toFixed(6)}] `,
  syslog: (index) => `Nov 26 05:03:0${index % 10} kiosk-7 kernel: [ ${(1200 + index / 1000).toFixed(6)}] `,
  journald: () => 'Nov 26 05:03:01 kiosk-7 kernel: ',
  'journald with a full time': () => '2026-11-26T05:03:01.123456+0000 kiosk-7 kernel: ',
  kmsg: (index) => `4,${1000 + index},${1200000000 + index},-;`,
};
