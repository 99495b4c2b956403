/**
 * Who a cgroup is, from its path alone. Names of systemd: systemd.unit(5), systemd.slice(5), src/basic/cgroup-util.c.
 * Names of containers: what the runtimes call their cgroups, with systemd (`docker-ID.scope`) and without
 * (`/docker/ID`).
 */

/** What a path says; what it doesn't say is absent. */
export interface CgroupNames {
  /** The innermost unit of systemd: `nginx.service`, `session-3.scope`. */
  readonly unit?: string;
  /** The ID of the innermost container, as its runtime prints it in full. */
  readonly container?: string;
  /** `docker`, `cri-containerd`, `crio`, `libpod` (podman), where the name has it. */
  readonly runtime?: string;
}

const ID = '[0-9a-f]{64}';

/**
 * `docker-ID.scope`, `libpod-ID`, and `kubepods-pod1.slice:cri-containerd:ID`, which a runtime without systemd makes.
 */
const NAMED = new RegExp(`^(?:.*:)?(docker|cri-containerd|containerd|crio|libpod|nerdctl)[-:](${ID})(?:\\.scope)?$`);

/** `/docker/ID`, `/kubepods/burstable/podUID/ID`, `/default/ID` of containerd. */
const BARE = new RegExp(`^${ID}$`);

/** `systemd-nspawn@NAME.service` and `machine-NAME.scope` of systemd-machined, `lxc.payload.NAME`. */
const MACHINES: ReadonlyArray<readonly [runtime: string, form: RegExp]> = [
  ['systemd-nspawn', /^systemd-nspawn@(.+)\.service$/],
  ['machine', /^machine-(.+)\.scope$/],
  ['lxc', /^lxc\.payload\.(.+)$/],
];

/** Suffixes of units that have processes, and so cgroups. */
const UNIT = /^.+\.(?:service|scope|socket|mount|swap)$/;

/** systemd puts `_` before a name that the kernel's files could have: cg_escape(). */
const unescaped = (name: string): string => (name.startsWith('_') ? name.slice(1) : name);

/** \x2d in a unit's name stands for a minus: systemd.unit(5), "String Escaping for Inclusion in Unit Names". */
const withoutEscapes = (name: string): string =>
  name.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

/** @param path as /proc/PID/cgroup prints it */
export function namesIn(path: string): CgroupNames {
  const parts = path.split('/').filter(Boolean).map(unescaped);
  const unit = parts.findLast((part) => UNIT.test(part));
  let parent = '';
  let found: Pick<CgroupNames, 'container' | 'runtime'> = {};
  for (const part of parts) {
    found = containerIn(part, parent) ?? found;
    parent = part;
  }
  return {...(unit !== undefined && {unit}), ...found};
}

function containerIn(part: string, parent: string): Pick<CgroupNames, 'container' | 'runtime'> | undefined {
  const named = NAMED.exec(part);
  if (named) return {container: named[2]!, runtime: named[1]!};
  if (BARE.test(part)) return {container: part, ...(parent === 'docker' && {runtime: 'docker'})};
  for (const [runtime, form] of MACHINES) {
    const name = form.exec(part)?.[1];
    if (name !== undefined) return {container: withoutEscapes(name), runtime};
  }
  return undefined;
}

/** Is the cgroup of this name, without its path, this unit or slice? `nginx` stands for `nginx.service`. */
export function isUnit(directory: string, name: string): boolean {
  const unit = unescaped(directory);
  return unit === name || (!/\.[a-z]+$/.test(name) && unit === `${name}.service`);
}

/** The container that the last directory of a path is, not one that it is in; undefined if it is none. */
export function containerAt(path: string): string | undefined {
  const parts = path.split('/').map(unescaped);
  return containerIn(parts.at(-1)!, parts.at(-2) ?? '')?.container;
}

/**
 * The cgroup that a unit or a container is.
 *
 * @param path that of the cgroup, or of one below it
 * @param id the whole name of the unit, or the whole ID
 * @returns undefined where the path doesn't name it: the hierarchy that memory is charged in need not be systemd's
 */
export function pathNamed(path: string, kind: 'unit' | 'container', id: string): string | undefined {
  const parts = path.split('/').filter(Boolean);
  const paths = parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
  return kind === 'container'
    ? paths.find((each) => containerAt(each) === id)
    : paths.findLast((_, index) => unescaped(parts[index]!) === id);
}
