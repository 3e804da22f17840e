/**
 * The life of both packages, one after the other: they put the same files on this machine.
 */
import './deb-life.ts'
import './rpm-life.ts'
