import {closeSync, openSync, readFileSync, statSync} from 'node:fs';
import test from 'ava';
import {parseFdInfo} from '../../../src/parse/proc/fdinfo.ts';
import {bytesOf} from '../tools.ts';

// Forms of the kernel's documentation and drivers, as none of this hardware is where tests run:
// Documentation/gpu/drm-usage-stats.rst, drivers/dma-buf/dma-buf.c, drivers/gpu/drm/{amd,i915,xe}.

const COMMON = 'pos:\t0\nflags:\t02100002\nmnt_id:\t26\nino:\t1041\n';

test("a file's mount and inode number are those that stat(2) has", (t) => {
  const fd = openSync('package.json', 'r');
  t.teardown(() => closeSync(fd));
  const {mount, inode, dmabuf, gpu} = parseFdInfo(readFileSync(`/proc/self/fdinfo/${fd}`));
  t.is(inode ?? String(statSync('package.json').ino), String(statSync('package.json').ino));
  t.true(readFileSync('/proc/self/mountinfo', 'latin1').includes(`${mount} `));
  t.deepEqual([dmabuf, gpu], [undefined, undefined]);
});

test('amdgpu: resident beside its older name, and units', (t) => {
  const text = `${COMMON}drm-driver:\tamdgpu
drm-client-id:\t74
drm-pdev:\t0000:03:00.0
pasid:\t32772
drm-total-cpu:\t0
drm-shared-cpu:\t0
drm-resident-cpu:\t0
drm-total-gtt:\t3 MiB
drm-resident-gtt:\t3 MiB
drm-total-vram:\t174372 KiB
drm-shared-vram:\t48228 KiB
drm-resident-vram:\t174368 KiB
drm-memory-vram:\t174368 KiB
drm-memory-gtt: \t3072 KiB
amd-evicted-vram:\t0 KiB
drm-engine-gfx:\t113453221 ns
drm-engine-capacity-gfx:\t2
`;
  const {gpu} = parseFdInfo(bytesOf(text));
  t.like(gpu, {driver: 'amdgpu', client: '74', device: '0000:03:00.0'});
  t.deepEqual(gpu!.memory, {
    cpu: {total: 0, shared: 0, resident: 0},
    gtt: {total: 3 << 20, resident: 3 << 20},
    vram: {total: 174372 * 1024, shared: 48228 * 1024, resident: 174368 * 1024},
  });
});

test('an older kernel has drm-memory alone', (t) => {
  const {gpu} = parseFdInfo(bytesOf('drm-driver:\tamdgpu\ndrm-client-id:\t3\ndrm-memory-vram:\t 64 KiB\n'));
  t.deepEqual(gpu!.memory, {vram: {resident: 65536}});
});

test('xe: cycles of its engines are not memory', (t) => {
  const text = `drm-driver:\txe
drm-client-id:\t40
drm-pdev:\t0000:00:02.0
drm-total-system:\t0
drm-resident-vram0:\t10240 KiB
drm-purgeable-vram0:\t0
drm-active-vram0:\t4 KiB
drm-cycles-rcs:\t28257900
drm-total-cycles-rcs:\t7655183225
`;
  t.deepEqual(parseFdInfo(bytesOf(text)).gpu!.memory, {
    system: {total: 0},
    vram0: {resident: 10 << 20, purgeable: 0, active: 4096},
  });
});

test('a dmabuf says its size and who made it; a name of its own can say nothing else', (t) => {
  const text = `${COMMON}size:\t8294400\ncount:\t3\nexp_name:\tsystem\nname:\tframe\nsize:\t1\nexp_name:\tother\n`;
  const {dmabuf, inode, mount} = parseFdInfo(bytesOf(text));
  t.deepEqual([dmabuf, inode, mount], [{size: 8294400, exporter: 'system'}, '1041', 26]);
});

test('what is not a number is nothing', (t) => {
  const {mount, inode, dmabuf, gpu} = parseFdInfo(bytesOf('mnt_id:\tx\nino:\t-1\nsize:\t1e9\nexp_name:\ta\n:\n\n'));
  t.deepEqual([mount, inode, dmabuf, gpu], [undefined, undefined, undefined, undefined]);
  const text = 'drm-driver:\ta\ndrm-client-id:\tfoo\ndrm-resident-vram:\t12 GiB\ndrm-resident-__proto__:\t1\n';
  t.is(parseFdInfo(bytesOf(text)).gpu!.client, undefined);
  t.is(Object.getPrototypeOf(parseFdInfo(bytesOf(text)).gpu!.memory), Object.prototype);
});
