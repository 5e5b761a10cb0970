/// The two writings of a study's data.
#pragma once

#include "report/report.hpp"
#include "report/schema.hpp"

namespace edgewise::report {

/// As `schema` declares it for this variant.
Json data_of(const study::Study& study, const Beside& beside, Variant variant);

}  // namespace edgewise::report
