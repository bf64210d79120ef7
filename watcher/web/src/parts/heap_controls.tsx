// How a heap or a diff is looked at: which quantity, from which end, which stacks, what is searched for.
import { useEffect, useRef, useState } from 'preact/hooks'
import { change as patch } from '../place'
import { Segmented } from './bits'

const kTypes: [string, string][] = [['', 'live bytes'], ['inuse_objects', 'live objects'], ['alloc_space', 'allocated bytes'], ['alloc_objects', 'allocated objects']]

export function HeapControls({ query, isDiff }: { query: URLSearchParams; isDiff: boolean }) {
  const type = query.get('sample_type') ?? ''
  return (
    <div class="controls">
      <label class="field"><span>Show</span>
        <select value={type === 'inuse_space' ? '' : type} onChange={(e) => patch({ sample_type: e.currentTarget.value, node: undefined })}>
          {kTypes.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
        </select>
      </label>
      <Segmented label="Direction" value={query.get('from_leaf') === '1' ? 'leaf' : 'root'}
        onChange={(to) => patch({ from_leaf: to === 'leaf', node: undefined })} options={[['root', 'Root down'], ['leaf', 'Leaf up']]} />
      {isDiff && (
        <label class="check"><input type="checkbox" checked={query.get('normalize') === '1'}
          onChange={(e) => patch({ normalize: e.currentTarget.checked, node: undefined })} /> same total</label>
      )}
      <TextField label="Only stacks through" name="filter" value={query.get('filter') ?? ''} also={{ node: undefined }} />
      <TextField label="Find" name="q" value={query.get('q') ?? ''} also={{}} />
    </div>
  )
}

// Takes effect shortly after the last key; the address follows.
function TextField({ label, name, value, also }: { label: string; name: string; value: string; also: Record<string, undefined> }) {
  const [text, setText] = useState(value)
  const sent = useRef(value)
  useEffect(() => {
    if (value === sent.current) return // come back from the address; meanwhile more was typed
    sent.current = value
    setText(value)
  }, [value])
  useEffect(() => {
    if (text === sent.current) return
    const timer = window.setTimeout(() => {
      sent.current = text
      patch({ [name]: text, ...also }, true)
    }, 250)
    return () => window.clearTimeout(timer)
  }, [text])
  return (
    <label class="field grows"><span>{label}</span>
      <input type="search" value={text} placeholder="part of a name" spellcheck={false} autocomplete="off" onInput={(e) => setText(e.currentTarget.value)} />
    </label>
  )
}
