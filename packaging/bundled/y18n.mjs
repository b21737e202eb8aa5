// Stands in the bundle for the package of this name, which reads translations from a file beside its own folder. yargs is
// asked for English, whose texts stand in its code; a file that is found where the bundle lies is not ours.
import { format } from 'node:util';

/** Makes what yargs asks for its texts. */
export default function y18n() {
  return {
    __: format,
    __n: (singular, plural, quantity, ...values) => {
      const text = quantity === 1 ? singular : plural;
      return text.includes('%d') ? format(text, quantity, ...values) : format(text, ...values);
    },
    getLocale: () => 'en',
    setLocale: () => {},
    updateLocale: () => {},
  };
}
