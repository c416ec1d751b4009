// SPDX-License-Identifier: Apache-2.0
//
// Two networks in one program: a student learns what a teacher answers, on the host's own threads.
// Each is an object and a header of its own, made by rnet_add_model in CMakeLists.txt.
#include "pool.hpp"
#include "student.h"
#include "teacher.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr std::size_t batch = 256;

struct Release {
    void operator()(void *data) const { std::free(data); }
};
using Memory = std::unique_ptr<void, Release>;

static_assert(STUDENT_ALIGN == TEACHER_ALIGN, "one kind of memory for both");

Memory memory(std::size_t size)
{
    const std::size_t align = STUDENT_ALIGN;
    Memory data(size ? std::aligned_alloc(align, (size + align - 1) / align * align) : nullptr);
    if (!data) {
        throw std::runtime_error("no memory of that size");
    }
    return data;
}

void require(int status, const char *text)
{
    if (status != 0) {
        throw std::runtime_error(text);
    }
}

// A teacher of the depth that the host wants: params are members of its config.
class Teacher {
public:
    explicit Teacher(Pool &pool) : parallel_(pool.parallel<teacher_parallel>())
    {
        config_.L = 200;
        params_ = memory(teacher_params_size(&config_));
        Memory first = memory(
            teacher_workspace_size(&config_, 1, TEACHER_INIT, parallel_.threads));
        int status =
            teacher_init(&config_, params_.get(), nullptr, 1, first.get(), &parallel_);
        require(status, teacher_error(status));
        workspace_ = memory(
            teacher_workspace_size(&config_, batch, TEACHER_FORWARD, parallel_.threads));
    }

    void answer(const std::vector<float> &x, std::vector<float> &y)
    {
        int status = teacher_forward(&config_, params_.get(), x.data(), y.data(), batch,
                                     workspace_.get(), &parallel_);
        require(status, teacher_error(status));
    }

private:
    teacher_config config_ = TEACHER_CONFIG_DEFAULT;
    teacher_parallel parallel_;
    Memory params_, workspace_;
};

class Student {
public:
    explicit Student(Pool &pool) : parallel_(pool.parallel<student_parallel>())
    {
        params_ = memory(student_params_size(nullptr));
        state_ = memory(student_state_size(nullptr));
        Memory first = memory(
            student_workspace_size(nullptr, 1, STUDENT_INIT, parallel_.threads));
        check(student_init(nullptr, params_.get(), state_.get(), 2, first.get(), &parallel_));
        workspace_ = memory(
            student_workspace_size(nullptr, batch, STUDENT_STEP, parallel_.threads));
    }

    double step(const std::vector<float> &x, const std::vector<float> &target)
    {
        double loss;
        check(student_step(nullptr, params_.get(), state_.get(), x.data(), target.data(), batch,
                           0, workspace_.get(), &parallel_, &loss));
        return loss;
    }

    std::vector<float> answer(const std::vector<float> &x)
    {
        std::size_t count = x.size() / STUDENT_INPUTS;
        std::vector<float> y(count * STUDENT_OUTPUTS);
        Memory workspace = memory(student_workspace_size(nullptr, count, STUDENT_FORWARD, 1));
        check(student_forward(nullptr, params_.get(), x.data(), y.data(), count, workspace.get(),
                              nullptr));
        return y;
    }

    // The bytes of a safetensors file.
    std::vector<char> save()
    {
        std::vector<char> file(student_save_size(nullptr, 1));
        check(student_save(nullptr, params_.get(), state_.get(), file.data(), file.size()));
        return file;
    }

private:
    static void check(int status) { require(status, student_error(status)); }

    student_parallel parallel_;
    Memory params_, state_, workspace_;
};

// Uniform in [-1, 1], by the engine alone: the same numbers with every library.
std::vector<float> points(std::mt19937 &engine, std::size_t count)
{
    std::vector<float> x(count * STUDENT_INPUTS);
    for (float &value : x) {
        value = static_cast<float>(engine()) * 0x1p-31f - 1;
    }
    return x;
}

Student learn(Pool &pool, bool talks)
{
    Teacher teacher(pool);
    Student student(pool);
    std::mt19937 engine(3);
    std::vector<float> target(batch * STUDENT_OUTPUTS);
    double sum = 0;
    for (int step = 1; step <= 400; step++) {
        std::vector<float> x = points(engine, batch);
        teacher.answer(x, target);
        sum += student.step(x, target);
        if (step % 100 == 0) {
            if (talks) {
                std::printf("steps %4d  loss %.6f\n", step, sum / 100);
            }
            sum = 0;
        }
    }
    return student;
}

// Inputs and answers for others to compare with, in digits that give every bit back.
void write_csv(const std::string &path, const std::vector<float> &values, std::size_t columns,
               const char *header)
{
    std::FILE *file = std::fopen(path.c_str(), "w");
    if (!file) {
        throw std::runtime_error(path + " cannot be written");
    }
    std::fputs(header, file);
    for (std::size_t i = 0; i < values.size(); i++) {
        std::fprintf(file, "%.9g%c", static_cast<double>(values[i]),
                     i % columns == columns - 1 ? '\n' : ',');
    }
    if (std::fclose(file) != 0) {
        throw std::runtime_error(path + " cannot be written");
    }
}

void distill(const std::string &folder)
{
    Pool alone(1), four(4);
    Student student = learn(four, true);
    std::vector<char> file = student.save();
    bool same = learn(alone, false).save() == file;
    std::printf("one thread and four: %s bits\n", same ? "the same" : "other");
    if (!same) {
        throw std::runtime_error("threads change the result");
    }
    std::ofstream(folder + "/student.safetensors", std::ios::binary)
        .write(file.data(), static_cast<std::streamsize>(file.size()));
    std::mt19937 engine(4);
    std::vector<float> x = points(engine, 20);
    write_csv(folder + "/inputs.csv", x, STUDENT_INPUTS, "a,b,c,d,e,f,g,h\n");
    write_csv(folder + "/answers.csv", student.answer(x), STUDENT_OUTPUTS,
              "answer_0,answer_1\n");
}

} // namespace

int main(int argc, char **argv)
{
    try {
        distill(argc > 1 ? argv[1] : ".");
    } catch (const std::exception &error) {
        std::fprintf(stderr, "distill: %s\n", error.what());
        return 1;
    }
    return 0;
}
