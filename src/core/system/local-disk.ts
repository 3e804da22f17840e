/**
 * File systems on which LMDB is not safe, since they are another machine's or none.
 *
 * Source: statfs(2); http://www.lmdb.tech/doc/ ("Caveats").
 */
const UNSUITABLE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x9fa0, 'proc'],
  [0x62656572, 'sysfs'],
])

/**
 * Why files of LMDB cannot be on a file system; undefined where they can.
 *
 * @param type `f_type` of statfs(2).
 */
export function whyNotLocal(type: number): string | undefined {
  const name = UNSUITABLE.get(type >>> 0)
  return name === undefined ? undefined : `it is on ${name}; take a folder on a local disk`
}
