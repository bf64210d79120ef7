// What width and colour mean, with their units and what they are shares of.
import type { TreeAnswer } from '../api'
import { quantity } from '../units'
import { magnitude } from './tree'

export function Legend({ isDiff, answer }: { isDiff: boolean; answer: TreeAnswer }) {
  const unit = answer.sample_type.unit
  const whole = quantity(magnitude(answer.tree.nodes, 0), unit)
  if (!isDiff)
    return (
      <p class="legend">
        <span><b>Width</b> memory held by the calls at and below a frame; the whole width is {whole} of {answer.sample_type.type}.</span>
        <span><b>Colour</b> tells packages apart, nothing else.</span>
      </p>
    )
  return (
    <p class="legend">
      <span><b>Width</b> how much grew plus how much shrank below a frame, of {answer.sample_type.type}; the whole width is {whole}.</span>
      <span class="scale"><b>Colour</b> change as a share of the larger side:</span>
      <span class="scale">all gone <Steps of="shrank" order={[4, 3, 2, 1]} /> <Steps of="grew" order={[1, 2, 3, 4]} /> all new</span>
      <span class="scale"><i class="swatch noise" /> within ±2 standard errors of sampling</span>
    </p>
  )
}

function Steps({ of, order }: { of: 'grew' | 'shrank'; order: number[] }) {
  return <span class="steps">{order.map((step) => <i key={step} class={`swatch ${of}-${step}`} />)}</span>
}
