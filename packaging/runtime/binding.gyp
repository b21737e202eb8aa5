# cap's binding.gyp with libpcap linked in. `cap` gives the variables.
{
  'targets': [
    {
      'target_name': 'cap',
      'sources': ['src/binding.cc'],
      'include_dirs': ["<!(node -e \"require('nan')\")", '<(libpcap)'],
      'cflags_cc': ['-include', '<(runtime)/own-libpcap.h'],
      'ldflags': ['-Wl,--exclude-libs,ALL'],
      'libraries': ['<(libpcap)/libpcap.a'],
    },
  ],
}
