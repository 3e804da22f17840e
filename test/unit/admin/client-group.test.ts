import { expect, test } from 'vitest'
import { clientGroup } from '../../../src/admin/client-group.ts'

const cases: [address: string | undefined, group: string][] = [
  [undefined, 'unix'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['128.0.0.1', '128.0.0.1'],
  ['::1', 'loopback'],
  ['::ffff:127.3.4.5', 'loopback'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::9', '2001:db8:1:3::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
]
for (const [address, group] of cases) {
  test(`${address} counts as ${group}`, () => {
    expect(clientGroup(address)).toBe(group)
  })
}
