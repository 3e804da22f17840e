/**
 * Dockerfile, compose file and Kubernetes manifests. No container engine and no cluster runs
 * where the tests run, so they are read by a parser and held against what they promise, and the
 * configurations in them are loaded as the program would load them.
 */
import { existsSync, readdirSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { ROOT, runOk } from './run.ts'

const CONTAINER = join(ROOT, 'packaging/container')
const KUBERNETES = join(ROOT, 'packaging/kubernetes')
const read = (path: string) => readFile(join(CONTAINER, path), 'utf8')
/** Stands for every secret in a configuration. */
const SECRET = 'a-secret-of-the-tests-0123456789'

// What is read of the files is written here as types, so that a change of their shape shows.
interface Compose {
  services: Record<string, ComposeService>
  volumes: Record<string, object>
  networks: { mail: { ipam: { config: { subnet: string }[] } } }
}
interface ComposeService {
  image?: string
  build?: { context: string; dockerfile?: string }
  read_only?: boolean
  cap_drop?: string[]
  volumes?: string[]
  ports?: string[]
  environment?: Record<string, string>
}
interface Manifest {
  kind: string
  metadata: { name: string; labels: Record<string, string> }
  data?: Record<string, string>
  spec: never
}

/** Loads a configuration that stands in a deployment, with every secret in its place. */
function load(text: string) {
  const secrets = new Proxy({}, { get: () => SECRET })
  return parseConfig(text, 'mapgate.yaml', { env: secrets, readFile: async () => SECRET })
}

/** What a source of COPY stands for; `*` as the shell has it. */
function filesOf(source: string): string[] {
  const [begin = '', end] = source.split('*')
  if (end === undefined) return existsSync(join(ROOT, source)) ? [source] : []
  return readdirSync(ROOT).filter((name) => name.startsWith(begin) && name.endsWith(end))
}

describe('the Dockerfile', async () => {
  /** Instructions with their continued lines joined. */
  const lines = (await read('Dockerfile'))
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const lastStage = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
  const instruction = (name: string) => lastStage.filter((line) => line.startsWith(`${name} `))

  test('has two stages on Node.js 24, so that no build tool is in the image', () => {
    const stages = lines.filter((line) => line.startsWith('FROM '))
    expect(stages).toEqual(['FROM node:24-bookworm-slim AS build', 'FROM node:24-bookworm-slim'])
    expect(instruction('RUN').join()).toContain('rm -rf /usr/local/lib/node_modules /usr/local/bin/npm')
    expect(instruction('RUN').join()).not.toMatch(/npm (?:ci|install)|apt-get/)
  })

  test('runs as a user that is not root, with a health check and labels', () => {
    expect(instruction('USER')).toEqual(['USER 8464:8464'])
    expect(instruction('HEALTHCHECK')).toHaveLength(1)
    expect(instruction('HEALTHCHECK').join()).toContain('/livez')
    expect(instruction('LABEL').join()).toMatch(/image\.title=.*image\.licenses="MIT"/)
  })

  test('copies only what exists and what .dockerignore lets through', async () => {
    const ignore = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).split('\n')
    const sources = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
    expect(sources.length).toBeGreaterThan(3)
    for (const source of sources.map((path) => path.replace('./', ''))) {
      expect(filesOf(source), source).not.toEqual([])
      expect(ignore).toContain(`!${source}`)
    }
  })

  test('its build stage builds from nothing but what it copies', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-image-'))
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const buildStage = lines.slice(
      0,
      lines.findLastIndex((line) => line.startsWith('FROM ')),
    )
    const copied = buildStage
      .filter((line) => line.startsWith('COPY '))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
    for (const source of copied.flatMap(filesOf)) {
      await cp(join(ROOT, source), join(folder, source), { recursive: true })
    }
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    expect(buildStage.join()).toContain('npm ci --ignore-scripts')
    expect(buildStage.join()).toContain('npm run build')
    await runOk('npm', ['run', '--silent', 'build'], { cwd: folder })
    expect(await runOk(process.execPath, [join(folder, 'dist/cli.js'), '--version'])).toMatch(/^mapgate /)
  })
})

describe('compose.yaml', async () => {
  const compose = parse(await read('compose.yaml'), { merge: true }) as Compose

  test('has Postfix, a service, mapgate, Valkey, Prometheus and Grafana', () => {
    expect(Object.keys(compose.services).sort()).toEqual([
      'grafana',
      'mapgate',
      'postfix',
      'prometheus',
      'service',
      'valkey',
    ])
  })

  test('each file that it mounts or builds from is there', () => {
    const paths = Object.values(compose.services).flatMap((service) => [
      ...(service.build === undefined
        ? []
        : [join(service.build.context, service.build.dockerfile ?? 'Dockerfile')]),
      ...(service.volumes ?? [])
        .map((volume) => volume.split(':')[0] ?? '')
        .filter((path) => path.startsWith('.')),
    ])
    expect(paths.length).toBeGreaterThan(8)
    for (const path of paths) expect(existsSync(join(CONTAINER, path)), path).toBe(true)
  })

  test('all but Postfix have a read-only filesystem and no capabilities', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      if (name === 'postfix') continue
      expect([name, service.read_only, service.cap_drop]).toEqual([name, true, ['ALL']])
    }
  })

  test('it publishes ports on loopback only', () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? [])
    expect(ports.length).toBeGreaterThan(3)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  test('the configuration of its mapgate is valid and lets its network in', async () => {
    const config = await load(await read('compose/mapgate.yaml'))
    expect(config.listeners[0]?.allow).toEqual([compose.networks.mail.ipam.config[0]?.subnet])
    expect(config.tables.get('aliases')?.usedBy).toEqual(['virtual_alias_maps'])
  })
})

describe('the Kubernetes manifests', async () => {
  const texts = await Promise.all(
    ['../kubernetes/mapgate.yaml', '../kubernetes/servicemonitor.yaml'].map(read),
  )
  const manifests = texts.flatMap((text) =>
    parseAllDocuments(text).map((document) => document.toJS() as Manifest),
  )
  const find = <Spec>(kind: string) => {
    const manifest = manifests.find((candidate) => candidate.kind === kind)
    if (manifest === undefined) throw new Error(`no ${kind}`)
    return { ...manifest, spec: manifest.spec as Spec }
  }
  const LABELS = { 'app.kubernetes.io/name': 'mapgate' }

  interface Pod {
    securityContext: { runAsNonRoot: boolean }
    terminationGracePeriodSeconds: number
    containers: {
      resources: { limits: { memory: string } }
      securityContext: {
        readOnlyRootFilesystem: boolean
        allowPrivilegeEscalation: boolean
        capabilities: { drop: string[] }
      }
      ports: { name: string }[]
      livenessProbe: { httpGet: { path: string } }
      readinessProbe: { httpGet: { path: string } }
    }[]
  }
  interface NetworkPolicySpec {
    podSelector: object
    policyTypes: string[]
    ingress: { from: object[]; ports: { port: string }[] }[]
  }
  const deployment = find<{ replicas: number; template: { metadata: { labels: object }; spec: Pod } }>(
    'Deployment',
  )
  const [container] = deployment.spec.template.spec.containers

  test('the pods are probed, limited and closed in', () => {
    expect(container?.livenessProbe.httpGet.path).toBe('/livez')
    expect(container?.readinessProbe.httpGet.path).toBe('/readyz')
    expect(container?.resources.limits.memory).toBe('512Mi')
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(deployment.spec.template.spec.securityContext.runAsNonRoot).toBe(true)
  })

  test('one gateway stays while another is drained, and service, budget and monitor select the pods', () => {
    expect(deployment.spec.replicas).toBe(2)
    expect(find<{ minAvailable: number }>('PodDisruptionBudget').spec.minAvailable).toBe(1)
    expect(deployment.spec.template.metadata.labels).toEqual(LABELS)
    expect(find<{ selector: object }>('Service').spec.selector).toEqual(LABELS)
    expect(find<{ selector: object }>('PodDisruptionBudget').spec.selector).toEqual({ matchLabels: LABELS })
    expect(find<{ selector: object }>('ServiceMonitor').spec.selector).toEqual({ matchLabels: LABELS })
    expect(find('Service').metadata.labels).toEqual(LABELS)
  })

  test('the network policy lets in the pods of Postfix for lookups and Prometheus for the admin port, and nobody else', () => {
    const { spec } = find<NetworkPolicySpec>('NetworkPolicy')
    expect(spec.podSelector).toEqual({ matchLabels: LABELS })
    expect(spec.policyTypes).toEqual(['Ingress'])
    expect(spec.ingress).toEqual([
      {
        from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'postfix' } } }],
        ports: [{ port: 'socketmap' }],
      },
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        ports: [{ port: 'admin' }],
      },
    ])
    const named = container?.ports.map(({ name }) => name)
    for (const { ports } of spec.ingress) for (const { port } of ports) expect(named).toContain(port)
  })

  test('the mapgate.yaml inside is valid, and the pod outlives its drain', async () => {
    const config = await load(find('ConfigMap').data?.['mapgate.yaml'] ?? '')
    expect(config.tables.has('aliases')).toBe(true)
    expect(deployment.spec.template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(
      config.stop.drainForMs,
    )
  })

  test('kustomization.yaml names files that exist', async () => {
    const { resources } = parse(await read('../kubernetes/kustomization.yaml')) as { resources: string[] }
    expect(resources).toHaveLength(2)
    for (const file of resources) expect(existsSync(join(KUBERNETES, file)), file).toBe(true)
  })
})
