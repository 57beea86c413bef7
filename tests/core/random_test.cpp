#include "moestro/core/random.h"

#include <set>

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thread_count.h"

namespace moestro {
namespace {

const std::vector<Stream> kStreams = {Stream::init, Stream::order, Stream::augment, Stream::noise,
                                      Stream::split};

RandomKey key(uint64_t index) {
  return {.seed = 5, .stream = Stream::noise, .name = "gate", .index = index};
}

Tensor draw(const RandomKey& key, int64_t n = 1000) {
  return uniform(key, {n}, 0, 1);
}

double correlation(const Tensor& a_N, const Tensor& b_N) {
  const Tensor a = a_N.to(at::kDouble) - a_N.mean(), b = b_N.to(at::kDouble) - b_N.mean();
  return ((a * b).mean() / (a.square().mean() * b.square().mean()).sqrt()).item<double>();
}

// Computed by another implementation: runs of every version start from the same numbers.
TEST(RandomKey, hash_never_changes) {
  EXPECT_EQ((RandomKey{}.hash()), 0x238275bc38fcbe91u);
  EXPECT_EQ((RandomKey{7, Stream::order, "0.weight", 3}.hash()), 0xeaa42019effa6c56u);
  EXPECT_EQ((RandomKey{~uint64_t{0}, Stream::split, "ä", ~uint64_t{0}}.hash()),
            0x2fec6153625eb2aeu);
}

TEST(RandomKey, hash_differs_for_every_part) {
  std::set<uint64_t> hashes;
  for (uint64_t seed = 0; seed < 10; ++seed)
    for (const Stream stream : kStreams)
      for (const char* name : {"", "a", "b", "ab", "ba", "a.weight"})
        for (uint64_t index = 0; index < 100; ++index)
          hashes.insert(RandomKey{seed, stream, name, index}.hash());
  EXPECT_EQ(hashes.size(), 10u * 5 * 6 * 100);
}

TEST(Uniform, gives_the_same_numbers_for_the_same_key) {
  const Tensor first = draw(key(3));
  draw(key(4));
  at::Generator shared = at::globalContext().defaultGenerator(c10::kCPU);
  shared.set_current_seed(99);
  EXPECT_TRUE(at::equal(draw(key(3)), first));
}

TEST(Uniform, begins_alike_whatever_the_size) {
  EXPECT_TRUE(at::equal(draw(key(3), 10), draw(key(3), 1000).slice(0, 0, 10)));
}

TEST(Uniform, does_not_depend_on_the_number_of_threads) {
  const testing::ThreadCountKept kept;
  at::set_num_threads(1);
  const Tensor one = draw(key(0), 200000);
  at::set_num_threads(2);
  const Tensor two = draw(key(0), 200000);
  EXPECT_TRUE(at::equal(one, two));
}

TEST(Uniform, differs_when_any_part_of_the_key_does) {
  const RandomKey base = key(3);
  RandomKey seed = base, stream = base, name = base, index = base;
  seed.seed = 6, stream.stream = Stream::augment, name.name = "gatf", index.index = 4;
  for (const RandomKey& other : {seed, stream, name, index})
    EXPECT_LT(std::abs(correlation(draw(base), draw(other))), .15);  // 4.7 standard errors
}

TEST(Uniform, is_not_correlated_between_neighbouring_indices_or_seeds) {
  for (uint64_t i = 0; i < 50; ++i) {
    EXPECT_LT(std::abs(correlation(draw(key(i)), draw(key(i + 1)))), .15) << i;
    const RandomKey a{.seed = i}, b{.seed = i + 1};
    EXPECT_LT(std::abs(correlation(draw(a), draw(b))), .15) << i;
  }
}

// One draw a key, as a step's noise: the series over keys must be as good as one generator's.
TEST(Uniform, is_uniform_and_uncorrelated_over_indices) {
  const int64_t n = 4000;
  std::vector<double> first;
  for (int64_t i = 0; i <= n; ++i) first.push_back(draw(key(i), 1).item<double>());
  const Tensor series = at::tensor(first, at::kDouble);
  EXPECT_NEAR(series.mean().item<double>(), .5, .02);  // 4.4 standard errors
  EXPECT_NEAR(series.var().item<double>(), 1. / 12, .006);
  EXPECT_LT(std::abs(correlation(series.slice(0, 0, n), series.slice(0, 1, n + 1))), .07);
}

TEST(Uniform, fills_its_range_and_nothing_else) {
  const Tensor x = uniform(key(0), {300, 400}, -2, .5);
  EXPECT_EQ(x.sizes(), (c10::IntArrayRef{300, 400}));
  EXPECT_EQ(x.scalar_type(), at::kFloat);
  EXPECT_TRUE(x.is_cpu());
  EXPECT_GE(x.min().item<float>(), -2.f);
  EXPECT_LT(x.max().item<float>(), .5f);
  EXPECT_NEAR(x.min().item<float>(), -2, 1e-3);
  EXPECT_NEAR(x.max().item<float>(), .5, 1e-3);
  EXPECT_NEAR(x.mean().item<double>(), -.75, .01);
}

TEST(Permutation, holds_every_row_once) {
  const Tensor order = permutation(key(0), 1000);
  EXPECT_EQ(order.scalar_type(), at::kLong);
  EXPECT_TRUE(at::equal(std::get<0>(order.sort()), at::arange(1000)));
  EXPECT_FALSE(at::equal(order, at::arange(1000)));
}

TEST(Permutation, is_keyed) {
  EXPECT_TRUE(at::equal(permutation(key(1), 1000), permutation(key(1), 1000)));
  EXPECT_FALSE(at::equal(permutation(key(1), 1000), permutation(key(2), 1000)));
}

TEST(Permutation, is_fair) {
  Tensor where_was_0 = at::zeros({5});
  for (uint64_t i = 0; i < 2000; ++i)
    where_was_0[permutation(key(i), 5).argmin().item<int64_t>()] += 1;
  for (int64_t place = 0; place < 5; ++place)
    EXPECT_NEAR(where_was_0[place].item<double>(), 400, 80);  // 4.5 standard errors
}

TEST(Permutation, of_nothing_is_empty_and_of_less_is_refused) {
  EXPECT_EQ(permutation(key(0), 0).numel(), 0);
  EXPECT_EQ(permutation(key(0), 1).item<int64_t>(), 0);
  EXPECT_THROW(permutation(key(0), -1), InternalError);
}

TEST(Generator, serves_any_distribution_and_goes_on_by_itself) {
  at::Generator own = generator(key(0));
  const Tensor first = at::empty({100}).normal_(0, 1, own);
  const Tensor second = at::empty({100}).normal_(0, 1, own);
  EXPECT_FALSE(at::equal(first, second));
  EXPECT_TRUE(at::equal(at::empty({100}).normal_(0, 1, generator(key(0))), first));
}

TEST(Generator, leaves_the_default_one_alone) {
  at::Generator shared = at::globalContext().defaultGenerator(c10::kCPU);
  shared.set_current_seed(1);
  const Tensor expected = at::rand({10});
  shared.set_current_seed(1);
  draw(key(0));
  permutation(key(0), 50);
  EXPECT_TRUE(at::equal(at::rand({10}), expected));
}

}  // namespace
}  // namespace moestro
