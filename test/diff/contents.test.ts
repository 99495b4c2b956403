import {tryEach} from './table.ts';

// What became of memory that is mapped before and after.
tryEach({
  'mprotect in the middle is one change of one region into three': {
    before: ['10-1c rw-p'],
    after: ['10-14 rw-p', '14-18 r--p', '18-1c rw-p'],
    changes: ['reprotected 14-18 [1,3] 0'],
    says: ['16 KiB of anonymous memory went from rw-p to r--p (mprotect, or mapped again in the same way).'],
  },
  'mprotect back joins the three again': {
    before: ['10-14 rw-p', '14-18 r--p', '18-1c rw-p'],
    after: ['10-1c rw-p'],
    changes: ['reprotected 14-18 [3,1] 0'],
    says: ['16 KiB of anonymous memory went from r--p to rw-p (mprotect, or mapped again in the same way).'],
  },
  'mprotect beside an equal neighbour moves the border between them': {
    before: ['10-14 r--p', '14-1c rw-p'],
    after: ['10-18 r--p', '18-1c rw-p'],
    changes: ['reprotected 14-18 [2,2] 0'],
  },
  'mprotect of a whole region': {
    before: ['10-14 rw-p /lib/x@2', '14-18 rw-p'],
    after: ['10-14 r--p /lib/x@2', '14-18 rw-p'],
    changes: ['reprotected 10-14 [1,1] 0'],
    says: ['16 KiB of /lib/x went from rw-p to r--p (mprotect, or mapped again in the same way).'],
  },
  'mprotect over three regions is one change for each way in which it changed permissions': {
    before: ['10-14 rw-p /f', '14-18 r-xp /f@4', '18-1c rw-p /f@8'],
    after: ['10-1c r--p /f'],
    changes: ['reprotected 10-14 [2,1] 0', 'reprotected 14-18 [3,1] 0', 'reprotected 18-1c [2,1] 0'],
  },
  'mmap and mprotect of its neighbour are two changes': {
    before: ['10-14 r--p'],
    after: ['10-18 rw-p'],
    changes: ['reprotected 10-14 [1,1] 0', 'grown 14-18 [1,1] +4'],
  },
  'madvise on a part splits': {
    before: ['10-1c rw-p'],
    after: ['10-14 rw-p', '14-18 rw-p', '18-1c rw-p'],
    changes: ['split 10-1c [1,3] 0'],
    says: [
      'anonymous memory is in 3 regions now, at the same addresses and with the same permissions (maps does not ' +
        'say why: madvise, mlock, or mapped again in the same way).',
    ],
  },
  'madvise back merges': {
    before: ['10-14 r--p /f@4', '14-18 r--p /f@8', '18-1c r--p /f@c'],
    after: ['10-1c r--p /f@4'],
    changes: ['merged 10-1c [3,1] 0'],
    says: ['/f is in one region now instead of 3, at the same addresses and with the same permissions.'],
  },
  'MAP_FIXED over the middle replaces it': {
    before: ['10-1c rw-p'],
    after: ['10-14 rw-p', '14-18 r--p /lib/x', '18-1c rw-p'],
    changes: ['replaced 14-18 [1,3] 0'],
    says: ['16 KiB of anonymous memory gave way to /lib/x, r--p.'],
  },
  'Mappings over several others are one change, and all of them are counted': {
    before: ['10-14 rw-p', '14-18 r--p /old'],
    after: ['10-12 r--p /a', '12-16 r-xp /b', '16-18 r--p /a@6'],
    changes: ['replaced 10-18 [2,3] 0'],
    says: ['32 KiB of anonymous memory and 1 more gave way to /a and 1 more.'],
  },
  'Another part of the same file is other memory': {
    before: ['10-14 r--p /lib/x'],
    after: ['10-14 r--p /lib/x@4'],
    changes: ['replaced 10-14 [1,1] 0'],
    says: ['16 KiB of /lib/x gave way to /lib/x, r--p.'],
  },
  'A file of the same name with another inode is other memory': {
    before: ['10-14 r-xp /bin/x #7'],
    after: ['10-14 r-xp /bin/x #8'],
    changes: ['replaced 10-14 [1,1] 0'],
  },
  'Private memory does not become shared: that is another mapping': {
    before: ['10-14 rw-p /f'],
    after: ['10-14 rw-s /f'],
    changes: ['replaced 10-14 [1,1] 0'],
  },
  'A mapping over the end of another one, and beyond': {
    before: ['10-18 rw-p'],
    after: ['10-14 rw-p', '14-1c r--p /f'],
    changes: ['replaced 14-18 [1,2] 0', 'new 18-1c [0,1] +4'],
    says: ['16 KiB of anonymous memory gave way to /f, r--p.', '/f is new: 16 KiB, r--p.'],
  },
  'A deleted file stays mapped under another name': {
    before: ['10-14 r-xp /lib/x', '14-18 r--p /lib/x@4'],
    after: ['10-14 r-xp /lib/x (deleted)', '14-18 r--p /lib/x (deleted)@4'],
    changes: ['renamed 10-14 [1,1] 0', 'renamed 14-18 [1,1] 0'],
    says: [
      '/lib/x lost this name (maps says deleted), and stays mapped.',
      '/lib/x lost this name (maps says deleted), and stays mapped.',
    ],
  },
  'A file is renamed': {
    before: ['10-14 r--p /old #7'],
    after: ['10-14 r--p /new #7'],
    changes: ['renamed 10-14 [1,1] 0'],
    says: ['/old is now called /new.'],
  },
  'A part of anonymous memory gets a name': {
    before: ['10-1c rw-p'],
    after: ['10-14 rw-p', '14-18 rw-p [anon:arena]', '18-1c rw-p'],
    changes: ['renamed 14-18 [1,3] 0'],
    says: ['anonymous memory is now called [anon:arena].'],
  },
  'A name for two regions is one change': {
    before: ['10-14 rw-p', '14-18 rw-p'],
    after: ['10-18 rw-p [anon:arena]'],
    changes: ['renamed 10-18 [2,1] 0'],
  },
  'What got a name and grew is still what it was': {
    before: ['10-14 rw-p'],
    after: ['10-18 rw-p [anon:arena]'],
    changes: ['renamed 10-14 [1,1] 0', 'grown 14-18 [1,1] +4'],
  },
  'A file mapping that moved is known by its inode and offset': {
    before: ['10-14 r--p /f@4', '20-24 rw-p'],
    after: ['20-24 rw-p', '30-34 r--p /f@4'],
    changes: ['moved 30-34 from 10-14 [1,1] 0'],
    says: ['/f is at another address: from 00010000-00014000, by 0x20000 (moved, or mapped again there).'],
  },
  'Anonymous memory that moved is guessed, and the sentence says so': {
    before: ['20-24 rw-p', '30-38 rw-p'],
    after: ['10-18 rw-p', '20-24 rw-p'],
    changes: ['moved 10-18 from 30-38 [1,1] 0'],
    says: [
      'anonymous memory is at another address: from 00030000-00038000, by -0x20000. That it is the same memory is ' +
        'a guess: nothing identifies unnamed memory.',
    ],
  },
  'Where two regions could have moved, none is said to have': {
    before: ['10-14 rw-p', '20-24 rw-p'],
    after: ['30-34 rw-p'],
    changes: ['gone 10-14 [1,0] -4', 'gone 20-24 [1,0] -4', 'new 30-34 [0,1] +4'],
  },
  'Where it could have moved to two places, it is said to have moved to none': {
    before: ['10-14 rw-p'],
    after: ['20-24 rw-p', '30-34 rw-p'],
    changes: ['gone 10-14 [1,0] -4', 'new 20-24 [0,1] +4', 'new 30-34 [0,1] +4'],
  },
  'Memory with other permissions has not moved': {
    before: ['10-14 rw-p'],
    after: ['30-34 r--p'],
    changes: ['gone 10-14 [1,0] -4', 'new 30-34 [0,1] +4'],
  },
  'Memory of another size has moved and grown, or shrunk, if it is the only one': {
    before: ['10-14 rw-p', '20-28 r--p'],
    after: ['30-38 rw-p', '40-44 r--p'],
    changes: [
      'shrunk 24-28 [1,1] -4',
      'moved 30-34 from 10-14 [1,1] 0',
      'grown 34-38 [1,1] +4',
      'moved 40-44 from 20-24 [1,1] 0',
    ],
  },
  'Memory of another size has not moved if there are two that it could have become': {
    before: ['10-14 rw-p'],
    after: ['30-38 rw-p', '40-4a rw-p'],
    changes: ['gone 10-14 [1,0] -4', 'new 30-38 [0,1] +8', 'new 40-4a [0,1] +10'],
  },
});
