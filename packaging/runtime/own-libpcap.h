// Read before cap's binding, which looks for pcap_set_immediate_mode with dlopen and dlsym because libpcap of before 2014
// lacks it. With libpcap linked in that would find the library of the host, and give it a handle of ours.
#include <dlfcn.h>
#include <pcap/pcap.h>
#define dlopen(file, mode) nullptr
#define dlsym(handle, name) (reinterpret_cast<void*>(pcap_set_immediate_mode))
