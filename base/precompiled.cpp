#include "base/precompiled.hpp"

#ifdef EDGEWISE_FORMATTING_SCANNER
template class EDGEWISE_FORMATTING_SCANNER;
#endif
