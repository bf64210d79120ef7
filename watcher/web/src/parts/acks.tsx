// Acknowledging: whoever looks into a leak says so, and it pages nobody until then.
import { useRef, useState } from 'preact/hooks'
import { send } from '../api'
import { useLive } from '../live'
import { Moment } from './bits'

interface Ack {
  site: string
  service: string
  by: string
  reason: string
  created: string
  expires: string
  covers_pages: boolean
}

export interface AckAnswer {
  acks: Ack[]
  audit: { time: string; action: string; by: string; ack: Ack }[]
}

const kByKey = 'heapwatch-by'
const remembered = () => {
  try { return window.localStorage.getItem(kByKey) ?? '' } catch { return '' }
}
const remember = (by: string) => {
  try { window.localStorage.setItem(kByKey, by) } catch { /* asked for again next time */ }
}

// Opened and closed where it stands, so that whoever works by keyboard does not lose the place.
export function AckForm({ site, service, isAcked, onDone }: { site: string; service: string; isAcked: boolean; onDone: () => void }) {
  const opener = useRef<HTMLElement>(null)
  const first = useRef<HTMLInputElement>(null)
  const [by, setBy] = useState(remembered)
  const [reason, setReason] = useState('')
  const [length, setLength] = useState('1d')
  const [error, setError] = useState<string>()
  const close = () => {
    if (!opener.current) return // the alert is over
    opener.current.closest('details')!.open = false
    opener.current.focus()
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    try {
      await send('POST', `/api/v1/sites/${site}/ack`, { by, reason, for: length, service })
      remember(by)
      close()
      onDone()
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure))
    }
  }
  return (
    <details class="acknowledge" onToggle={(e) => e.currentTarget.open && first.current!.focus()}>
      <summary ref={opener} class="button small">{isAcked ? 'Change the acknowledgement…' : 'Acknowledge…'}</summary>
      <form class="ack card" onSubmit={submit}>
        <label class="field"><span>Who</span><input ref={first} required value={by} onInput={(e) => setBy(e.currentTarget.value)} autocomplete="name" /></label>
        <label class="field"><span>Why</span><input required value={reason} placeholder="what is being done" onInput={(e) => setReason(e.currentTarget.value)} /></label>
        <label class="field"><span>For</span>
          <select value={length} onChange={(e) => setLength(e.currentTarget.value)}>
            {[['4h', '4 hours'], ['1d', 'a day'], ['7d', 'a week'], ['30d', '30 days']].map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select></label>
        <button type="submit">Acknowledge</button> <button type="button" onClick={close}>Cancel</button>
        {error && <p class="wrong" role="alert">{error}</p>}
      </form>
    </details>
  )
}

// For one site of one service, whether or not it alerts.
export function SiteAck({ site, service }: { site: string; service: string }) {
  const live = useLive<AckAnswer>('/api/v1/acks', 10_000)
  if (!live.data) return null
  const acks = live.data.acks.filter((ack) => ack.site === site && (!ack.service || ack.service === service))
  return <><AckForm site={site} service={service} isAcked={acks.length > 0} onDone={live.again} /><Acks acks={acks} onChange={live.again} /></>
}

export function Acks({ acks, onChange }: { acks: Ack[]; onChange: () => void }) {
  const [error, setError] = useState<string>()
  const withdraw = async (ack: Ack) => {
    try {
      await send('DELETE', `/api/v1/sites/${ack.site}/ack`, { by: remembered() || 'somebody', service: ack.service })
      setError(undefined)
      document.getElementById('main')?.focus() // the button is about to go
      onChange()
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure))
    }
  }
  if (acks.length === 0) return null
  return (
    <>
      <h2>Acknowledged</h2>
      {error && <p class="wrong" role="alert">{error}</p>}
      <ul class="acks">
        {acks.map((ack) => (
          <li key={ack.site + ack.service}>
            <span><b>{ack.by}</b>: {ack.reason} <small>{ack.service} site {ack.site}, until <Moment at={ack.expires} /></small></span>
            <button type="button" class="small" onClick={() => withdraw(ack)}>Withdraw</button>
          </li>
        ))}
      </ul>
    </>
  )
}
