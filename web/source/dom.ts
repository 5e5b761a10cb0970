// Elements are built from values, never from HTML text: a study's texts are only ever set as text.

type Child = Node | string | number | null | undefined | false | Child[];
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** h('div.card', {title: 'x'}, children): classes after dots, functions are listeners. */
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name || 'div');
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(key, value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(element: HTMLElement, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** A row of buttons of which one is chosen. */
export function choiceButtons<T extends string>(
  options: readonly {value: T; label: string}[],
  chosen: T,
  onChoose: (value: T) => void,
  label: string,
): HTMLElement {
  const group = h('div.buttons', {role: 'group', 'aria-label': label});
  for (const option of options) {
    const button = h('button', {type: 'button', 'aria-pressed': option.value === chosen ? 'true' : 'false'}, option.label);
    button.addEventListener('click', () => {
      for (const other of group.children) other.setAttribute('aria-pressed', other === button ? 'true' : 'false');
      onChoose(option.value);
    });
    group.append(button);
  }
  return group;
}

/** A labelled list to choose from. */
export function select(
  label: string,
  options: readonly {value: string; label: string}[],
  chosen: string,
  onChoose: (value: string) => void,
): HTMLElement {
  const list = h('select') as HTMLSelectElement;
  for (const option of options) list.append(h('option', {value: option.value, selected: option.value === chosen}, option.label));
  list.addEventListener('change', () => onChoose(list.value));
  return h('label.select', {}, h('span', {}, label), list);
}

/** A box to tick. */
export function tick(label: string, on: boolean, onChange: (on: boolean) => void): HTMLElement {
  const box = h('input', {type: 'checkbox', checked: on}) as HTMLInputElement;
  box.addEventListener('change', () => onChange(box.checked));
  return h('label.tick', {}, box, label);
}

/** A titled part of the page. */
export function card(id: string, title: string, hint: string, controls: Child, ...content: Child[]): HTMLElement {
  return h(
    'section.card',
    {id, 'aria-labelledby': `${id}-title`},
    h('header', {}, h('div', {}, h('h2', {id: `${id}-title`}, title), hint ? h('p.hint', {}, hint) : null), h('div.controls', {}, controls)),
    content,
  );
}

/** Names and values in two columns. */
export function pairs(rows: readonly (readonly [string, Child])[]): HTMLElement {
  return h('dl.pairs', {}, rows.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}
