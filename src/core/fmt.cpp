// The body of fmt, compiled here once. Header-only, it would be compiled again in every source that
// formats anything, at 2.6 s each; LibTorch ships fmt's headers only.
#include <fmt/format-inl.h>

template fmt::locale_ref::locale_ref(const std::locale&);
template std::locale fmt::locale_ref::get() const;
template char fmt::detail::decimal_point_impl(locale_ref);
template fmt::detail::thousands_sep_result<char> fmt::detail::thousands_sep_impl(locale_ref);
template fmt::detail::dragonbox::decimal_fp<float> fmt::detail::dragonbox::to_decimal(float);
template fmt::detail::dragonbox::decimal_fp<double> fmt::detail::dragonbox::to_decimal(double);
