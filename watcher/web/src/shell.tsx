// What stands around every view: where one can go, whether the figures are fresh, light or dark.
import { Component, type ComponentChildren } from 'preact'
import type { Alert } from './api'
import { useLive, useNow } from './live'
import type { Place } from './place'
import { setTheme, useTheme, type Theme } from './theme'
import { duration } from './units'

const kPlaces: [string, string][] = [
  ['/', 'Overview'], ['/leaks', 'Leaks'], ['/diff', 'Compare'], ['/alerts', 'Alerts'], ['/targets', 'Targets'], ['/status', 'Status'],
]
const kRefresh = 10_000
const kStaleAfter = 35_000

export function Shell({ place, children }: { place: Place; children: ComponentChildren }) {
  const { path } = place
  const alerts = useLive<{ alerts: Alert[] }>('/api/v1/alerts', kRefresh)
  const firing = alerts.data?.alerts.filter((a) => a.state === 'firing').length ?? 0
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById('main')?.focus() }}>Skip to content</a>
      <header class="top">
        <a class="brand" href="/"><Mark /> Heapwatch</a>
        <nav aria-label="Views">
          {kPlaces.map(([to, name]) => (
            <a key={to} href={to} aria-current={path === to ? 'page' : undefined}>
              {name}{to === '/alerts' && firing > 0 && <> <span class="pill" aria-label={`${firing} firing`}>{firing}</span></>}
            </a>
          ))}
        </nav>
        <Freshness at={alerts.at} error={alerts.error?.message} />
        <ThemeChoice />
      </header>
      <main id="main" tabIndex={-1}><Guard key={path} place={place}>{children}</Guard></main>
    </>
  )
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <rect width="32" height="32" rx="7" class="mark" />
      <path d="M5 24h5v-5h5v-5h5v-6h7" fill="none" stroke="#fff" stroke-width="3.2" stroke-linejoin="round" stroke-linecap="round" />
    </svg>
  )
}

function Freshness({ at, error }: { at?: number; error?: string }) {
  const now = useNow()
  const isStale = error !== undefined || (at !== undefined && now - at > kStaleAfter)
  const text = at === undefined ? (error ? 'no answer' : 'connecting') : isStale ? `no answer for ${duration((now - at) / 1000)}` : 'live'
  return <span class={`fresh ${isStale ? 'is-off' : ''}`} title={error ?? 'Refreshed every 10 seconds while you look'}><i aria-hidden="true" />{text}</span>
}

function ThemeChoice() {
  const theme = useTheme()
  const next: Record<Theme, Theme> = { system: 'dark', dark: 'light', light: 'system' }
  const names: Record<Theme, string> = { system: 'Auto', dark: 'Dark', light: 'Light' }
  return (
    <button type="button" class="small theme" onClick={() => setTheme(next[theme])} aria-label={`Colours: ${names[theme]}. Change to ${names[next[theme]]}`}>
      {names[theme]}
    </button>
  )
}

// A view that breaks takes only itself down, and only at this address.
class Guard extends Component<{ place: Place; children: ComponentChildren }, { broken?: string }> {
  override componentDidCatch(error: unknown) {
    this.setState({ broken: error instanceof Error ? error.message : String(error) })
  }
  override componentDidUpdate(last: { place: Place }) {
    if (last.place !== this.props.place && this.state.broken !== undefined) this.setState({ broken: undefined })
  }
  override render() {
    if (this.state.broken === undefined) return this.props.children
    return (
      <div class="state failed" role="alert">
        <h3>This view has broken</h3>
        <p>{this.state.broken}</p>
        <p>That is a mistake of Heapwatch. The other views still work; <a href="/api/v1" target="_blank" rel="noopener">the API</a> does too.</p>
      </div>
    )
  }
}
