import {byId} from './dom.ts';

const THEMES = ['as the system', 'light', 'dark'] as const;

/**
 * Light or dark: as the system is, until the button is pressed. On paper always light.
 *
 * @param redraw called after each change: what is drawn on a canvas doesn't follow the style sheet
 */
export function startTheme(redraw: () => void): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const paper = matchMedia('print');
  const button = byId('theme') as HTMLButtonElement;
  let theme: (typeof THEMES)[number] = 'as the system';
  const apply = (): void => {
    const isDark = !paper.matches && (theme === 'dark' || (theme === 'as the system' && system.matches));
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
    button.textContent = `Theme: ${theme}`;
    redraw();
  };
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    apply();
  });
  system.addEventListener('change', apply);
  paper.addEventListener('change', apply);
  addEventListener('beforeprint', apply);
  addEventListener('afterprint', apply);
  apply();
}
