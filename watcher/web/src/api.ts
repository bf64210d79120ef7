// What the server answers, and how it is asked. Times come as RFC 3339; what is not known is absent, never zero.
import { outside } from './prefix'

export type Labels = Record<string, string>

export type VerdictKind = 'leak' | 'growing' | 'churn' | 'plateau' | 'stable' | 'insufficient-data'
// What is worth showing, the most pressing first.
export const kNoteworthy: VerdictKind[] = ['leak', 'growing', 'churn', 'plateau']

export interface Site {
  id: string
  name: string
  function: string
  file?: string
  line?: number
  line_is_relative?: boolean
}

export interface Verdict {
  verdict: VerdictKind
  reason: string
  from: string
  to: string
  inuse_bytes: number
  slope_bytes_per_second: number
  slope_low_bytes_per_second?: number
  slope_high_bytes_per_second?: number
  growth_bytes: number
  growth_standard_error_bytes?: number
  z?: number
  effective_n?: number
  alloc_bytes_per_second?: number
  retention?: number
  to_limit_low_seconds?: number
  to_limit_high_seconds?: number
}

export interface JudgedSite extends Verdict {
  site: Site
  target: string
  labels: Labels
  evaluated: string
}

export interface History {
  first: string
  last: string
  snapshots: number
}

export type Health = 'up' | 'down' | 'unknown' | 'lost' | 'stopped'

export interface Target {
  id: string
  labels: Labels
  url?: string
  health?: Health
  stretched?: { interval_ms: number; reason: string; message: string }
  stopped?: { by: string; reason: string; since: string }
  last_error?: string
  interval_ms?: number
  scrapes?: number
  failures?: number
  last_scrape?: string
  last_scrape_duration_ms?: number
  last_body_bytes?: number
  memory_limit_bytes?: number
  resident_memory_bytes?: number
  gc_cpu_share?: number
  metrics_error?: string
  sites?: number
  history?: History
}

export interface DiscoveryStatus {
  job: string
  mechanism: string
  place: string
  last_error: string
}

// What was found and is not watched.
export interface DroppedTarget {
  job: string
  discovered_labels: Labels
  reason: string
  message: string
}

export interface Alert {
  state: 'pending' | 'firing' | 'resolved'
  labels: Labels
  annotations: Labels
  site: string
  pending_since: string
  firing_since?: string
  resolved_at?: string
  muted?: { by: string; reason: string; until: string }
  evidence?: { target: string; labels: Labels; from: string; to: string; sample_type: string }
}

export interface Snapshots {
  target: string
  labels: Labels
  total: number
  snapshots: { time: string; samples: number; inuse_bytes?: number; alloc_bytes?: number }[]
}

export interface Change {
  before: number
  after: number
  change: number
  standard_error: number | null
  within_noise: boolean
}

export interface DiffSide {
  name: string
  time: string | null
  sampling_period_bytes: number | null
  total: number
  target?: string
  labels?: Labels
}

export interface DiffHead {
  sample_type: { type: string; unit: string }
  before: DiffSide
  after: DiffSide
  normalized_by: number | null
  noise: string
  notes: string[]
  total: Change
}

export interface SiteChange extends Change {
  id: string
  function: string
  file: string
  line: number
  line_is_relative: boolean
  stack_count: number
}

export interface FunctionChange {
  name: string
  flat: Change
  cum: Change
}

export interface StackChange extends Change {
  site: string
  frames: { function: string; file: string; line: number }[]
}

export interface Diff extends DiffHead {
  common_caller: { function: string; share: number } | null
  sites: SiteChange[]
  functions: FunctionChange[]
  stacks: StackChange[]
  left_out: { sites: number; functions: number; stacks: number }
}

export interface TreeColumns {
  names: string[]
  id: string[]
  name: number[]
  parent: number[]
  before: number[]
  after: number[]
  self_before: number[]
  self_after: number[]
  standard_error: (number | null)[]
  within_noise: (0 | 1)[]
  grew: number[]
  shrank: number[]
}

export interface TreeAnswer extends DiffHead {
  stacks: number
  tree: { nodes: TreeColumns; above: ({ id: string; name: string } & Change)[]; left_out: number }
}

export class ApiError extends Error {
  constructor(
    readonly kind: string, // "not_found", "bad_data", ... or "unreachable"
    message: string,
  ) {
    super(message)
  }
}

export type Parameters = Record<string, string | number | boolean | undefined>

// "/api/v1/diff?target=..." with only the parameters that have a value.
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '' && value !== false) query.set(name, value === true ? '1' : String(value))
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

async function answerOf<T>(url: string, request: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(outside(url), request)
  } catch (error) {
    if (request.signal?.aborted) throw error
    throw new ApiError('unreachable', 'Heapwatch does not answer. Is it running, and is the network up?')
  }
  const text = await response.text()
  let body: { status?: string; data?: T; errorType?: string; error?: string }
  try {
    body = JSON.parse(text) as typeof body
  } catch {
    throw new ApiError('unreadable', `Heapwatch answered ${response.status} with something that is not JSON.`)
  }
  if (body.status !== 'success')
    throw new ApiError(body.errorType ?? 'internal', body.error ?? `Heapwatch answered ${response.status}.`)
  return body.data as T
}

export const ask = <T>(url: string, signal?: AbortSignal) => answerOf<T>(url, signal ? { signal } : {})

export const send = <T>(method: 'POST' | 'DELETE', url: string, body: Labels) =>
  answerOf<T>(url, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
